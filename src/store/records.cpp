#include "store/records.h"

namespace bb::store {

std::string_view str(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "RUNNING";
    case RunStatus::success:
      return "SUCCESS";
    case RunStatus::failed:
      return "FAILED";
  }
  return "";
}

std::string_view str(HoldingStatus status) {
  switch (status) {
    case HoldingStatus::open:
      return "OPEN";
    case HoldingStatus::closed_tp:
      return "CLOSED_TP";
    case HoldingStatus::closed_sl:
      return "CLOSED_SL";
    case HoldingStatus::closed_timeout:
      return "CLOSED_TIMEOUT";
    case HoldingStatus::closed_external:
      return "CLOSED_EXTERNAL";
    case HoldingStatus::closed_risk_off:
      return "CLOSED_RISK_OFF";
    case HoldingStatus::closed_daily_loss_cut:
      return "CLOSED_DAILY_LOSS_CUT";
    case HoldingStatus::closed_flatten:
      return "CLOSED_FLATTEN";
  }
  return "";
}

std::string_view str(IntentState state) {
  switch (state) {
    case IntentState::sent:
      return "SENT";
    case IntentState::done:
      return "DONE";
    case IntentState::refused:
      return "REFUSED";
    case IntentState::unknown:
      return "UNKNOWN";
  }
  return "";
}

std::string_view str(SlotState state) {
  switch (state) {
    case SlotState::running:
      return "RUNNING";
    case SlotState::done:
      return "DONE";
    case SlotState::partial:
      return "PARTIAL";
    case SlotState::skipped:
      return "SKIPPED";
    case SlotState::failed:
      return "FAILED";
  }
  return "";
}

}  // namespace bb::store
