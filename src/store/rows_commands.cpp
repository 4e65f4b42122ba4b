#include "store/table.h"

namespace bb::store {

const Table& commands_table() {
  static const Table table("commands",
                           "id,kind,arguments,who,made_at_utc,received_at_utc,state,ended_at_utc,"
                           "exit_code,report_json,report_text",
                           "id");
  return table;
}

void append_row(const CommandRecord& command, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({commands_table().upsert(),
                    {value(command.id), value(command.kind), value(command.arguments),
                     value(command.who), value(command.made_at), value(command.received_at),
                     value(str(command.state)), value(command.ended_at), value(command.exit_code),
                     value(command.report_json), value(command.report_text)}});
}

void read_row(RowReader& in, CommandRecord& command) {
  command.id = in.text();
  command.kind = in.text();
  command.arguments = in.text();
  command.who = in.text();
  command.made_at = in.time();
  command.received_at = in.time();
  command.state = in.word<CommandState>();
  command.ended_at = in.maybe_time();
  command.exit_code = in.small();
  command.report_json = in.text();
  command.report_text = in.text();
}

}  // namespace bb::store
