// Doctor: everything that a start needs, looked at before it matters, beside whatever runs: no lock
// is kept and nothing is written. Every finding says what was found, and where it is not good, what
// to do. No secret stands in any of them.
#pragma once

#include <string>
#include <vector>

#include "app/report.h"
#include "app/wiring.h"

namespace bb::app {

enum class Mark {
  fine,
  warning,  // it starts, and something may go wrong
  fault,    // it does not start, or must not
};

struct Finding {
  std::string check;  // stable, for machines
  Mark mark = Mark::fine;
  std::string found;
  std::string advice;  // empty where all is well
};

struct DoctorReport {
  std::string environment;
  std::string account;  // the exchange's alias; empty when it was not reached
  std::vector<Finding> findings;
  int count(Mark mark) const;
};

struct DoctorOptions {
  bool send = false;  // a test message to the notifier
};

Task<DoctorReport> examine(Ground ground, DoctorOptions options);
/// A configuration that cannot be read is a finding, too.
DoctorReport report_of(const Faults& faults);

/// Marks are words; colours come on top of them.
Rendered render(const DoctorReport& report, bool colours);
/// kFailed with a fault, else kDone.
int exit_code_of(const DoctorReport& report);

}  // namespace bb::app
