#include "simulation/guard.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

// Names as the linker wants them; det-ok: this file forbids what it names
// NOLINTBEGIN(bugprone-reserved-identifier)

namespace {

bb::Random* entropy_source = nullptr;

void forbid(const char* what) {
  if (entropy_source == nullptr) return;
  std::fprintf(stderr, "simulation: %s was called, which no simulated program may\n", what);
  std::abort();
}

}  // namespace

namespace bb::simulation {

Guard::Guard(Random& entropy) { entropy_source = &entropy; }
Guard::~Guard() { entropy_source = nullptr; }

double real_seconds() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

}  // namespace bb::simulation

extern "C" {

// bb::system_entropy(): the one place where the program asks for randomness.
std::uint64_t __real__ZN2bb14system_entropyEv();
std::uint64_t __wrap__ZN2bb14system_entropyEv() {
  return entropy_source != nullptr ? entropy_source->next() : __real__ZN2bb14system_entropyEv();
}

int __real_clock_gettime(clockid_t clock, timespec* out);   // det-ok: forbidden here
int __wrap_clock_gettime(clockid_t clock, timespec* out) {  // det-ok: forbidden here
  forbid("clock_gettime");
  return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
}

int __wrap_gettimeofday(timeval* out, void*) {
  forbid("gettimeofday");
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t __wrap_time(time_t* out) {
  forbid("time");
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
using Wall = std::chrono::system_clock;    // det-ok: forbidden here
using Steady = std::chrono::steady_clock;  // det-ok: forbidden here
Wall::time_point __real__ZNSt6chrono3_V212system_clock3nowEv();
Wall::time_point __wrap__ZNSt6chrono3_V212system_clock3nowEv() {
  forbid("the system's wall clock");
  return __real__ZNSt6chrono3_V212system_clock3nowEv();
}
Steady::time_point __real__ZNSt6chrono3_V212steady_clock3nowEv();
Steady::time_point __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  forbid("the system's steady clock");
  return __real__ZNSt6chrono3_V212steady_clock3nowEv();
}
#pragma clang diagnostic pop

ssize_t __real_getrandom(void* into, size_t count, unsigned flags);
ssize_t __wrap_getrandom(void* into, size_t count, unsigned flags) {
  forbid("getrandom");
  return __real_getrandom(into, count, flags);
}

int __real_RAND_bytes(unsigned char* into, int count);
int __wrap_RAND_bytes(unsigned char* into, int count) {
  forbid("RAND_bytes");
  return __real_RAND_bytes(into, count);
}

void __real__ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE(
    void* self, const std::string& token);
void __wrap__ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE(
    void* self, const std::string& token) {
  forbid("the system's random device");
  __real__ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE(self,
                                                                                             token);
}

int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*start)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*start)(void*), void* argument) {
  forbid("pthread_create");
  return __real_pthread_create(thread, attributes, start, argument);
}

void __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
    void* self, void* state, void (*depend)());
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
    void* self, void* state, void (*depend)()) {
  forbid("a thread's start");
  __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
      self, state, depend);
}

int __real_nanosleep(const timespec* span, timespec* left);
int __wrap_nanosleep(const timespec* span, timespec* left) {  // det-ok: forbidden here
  forbid("nanosleep");
  return __real_nanosleep(span, left);  // det-ok: forbidden here
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol) {
  forbid("socket");
  return __real_socket(domain, type, protocol);
}

int __real_connect(int fd, const sockaddr* address, socklen_t size);
int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
  forbid("connect");
  return __real_connect(fd, address, size);
}

// For shared libraries, which the linker cannot lead elsewhere. A sanitizer has its own of these.
#if !__has_feature(address_sanitizer)
int clock_gettime(clockid_t clock, timespec* out) noexcept {  // det-ok: forbidden here
  return __wrap_clock_gettime(clock, out);
}
int gettimeofday(timeval* out, void* zone) noexcept {  // det-ok: forbidden here
  return __wrap_gettimeofday(out, zone);
}
time_t time(time_t* out) noexcept { return __wrap_time(out); }
#endif
}

// NOLINTEND(bugprone-reserved-identifier)
