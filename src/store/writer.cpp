#include "store/writer.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bb::store {

namespace asio = boost::asio;

namespace {

struct Job {
  Group group;
  Writer::Done done;
  asio::any_io_executor executor;  // counts as work of the loop
};

}  // namespace

struct Writer::Queue {
  Queue(Committer& target, asio::any_io_executor loop)
      : committer(target), executor(std::move(loop)), thread([this] { run(); }) {}

  void run();
  void write(std::vector<Job> jobs);

  Committer& committer;
  asio::any_io_executor executor;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Job> waiting;
  bool ends = false;
  bool is_call_posted = false;  // touched on the loop only
  std::thread thread;           // last: it uses all of the above
};

void Writer::Queue::run() {
  for (;;) {
    std::vector<Job> jobs;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return ends || !waiting.empty(); });
      if (waiting.empty()) return;
      jobs.swap(waiting);
    }
    write(std::move(jobs));
  }
}

void Writer::Queue::write(std::vector<Job> jobs) {
  std::vector<Group> groups;
  groups.reserve(jobs.size());
  for (Job& job : jobs)
    groups.push_back(std::move(job.group));
  auto answers = committer.commit(groups);
  const Condition condition = committer.condition();
  for (std::size_t i = 0; i < jobs.size(); ++i)
    asio::post(jobs[i].executor, [done = std::move(jobs[i].done), answer = std::move(answers[i]),
                                  condition] { done(answer, condition); });
}

Writer::Writer(Committer& committer, asio::any_io_executor executor)
    : queue_(std::make_shared<Queue>(committer, std::move(executor))) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->ends = true;
  }
  queue_->changed.notify_one();
  queue_->thread.join();
}

void Writer::push(Group group, Done done) {
  Job job{std::move(group), std::move(done),
          asio::prefer(queue_->executor, asio::execution::outstanding_work.tracked)};
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->waiting.push_back(std::move(job));
  }
  // Called at the end of this turn of the loop: what many journeys write in one turn (the intents
  // of twenty closes) is one transaction and waits for the device once.
  if (std::exchange(queue_->is_call_posted, true)) return;
  asio::post(queue_->executor, [queue = queue_] {
    queue->is_call_posted = false;
    queue->changed.notify_one();
  });
}

}  // namespace bb::store
