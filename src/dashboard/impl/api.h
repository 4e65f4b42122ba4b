// The handlers behind the addresses; routes.cpp says which is which.
#pragma once

#include "dashboard/impl/site.h"
#include "net/json.h"

namespace bb::dashboard {

// api_session.cpp
Task<net::ServerReply> get_health(Site& site, const Request& request);
Task<net::ServerReply> get_session(Site& site, const Request& request);
Task<net::ServerReply> post_sign_in(Site& site, const Request& request);
Task<net::ServerReply> post_sign_out(Site& site, const Request& request);
Task<net::ServerReply> get_events(Site& site, const Request& request);

// api_account.cpp
Task<net::ServerReply> get_state(Site& site, const Request& request);
Task<net::ServerReply> get_accounts(Site& site, const Request& request);
Task<net::ServerReply> get_positions(Site& site, const Request& request);
Task<net::ServerReply> get_position(Site& site, const Request& request);
Task<net::ServerReply> get_candles(Site& site, const Request& request);

// api_history.cpp
Task<net::ServerReply> get_equity(Site& site, const Request& request);
Task<net::ServerReply> get_runs(Site& site, const Request& request);
Task<net::ServerReply> get_run(Site& site, const Request& request);
Task<net::ServerReply> get_closed(Site& site, const Request& request);
Task<net::ServerReply> get_closed_csv(Site& site, const Request& request);
Task<net::ServerReply> get_orders(Site& site, const Request& request);
Task<net::ServerReply> get_statistics(Site& site, const Request& request);
Task<net::ServerReply> get_cashflows(Site& site, const Request& request);
Task<net::ServerReply> get_audit(Site& site, const Request& request);

// api_logs.cpp
Task<net::ServerReply> get_logs(Site& site, const Request& request);

// api_replay.cpp
Task<net::ServerReply> post_replay(Site& site, const Request& request);
void write_replay(net::JsonWriter& json, const Site& site);

// api_original.cpp: the original's addresses, with its fields
Task<net::ServerReply> get_dashboard(Site& site, const Request& request);
Task<net::ServerReply> get_runtime_settings(Site& site, const Request& request);
Task<net::ServerReply> post_entry_catchup(Site& site, const Request& request);

// actions.cpp
Task<net::ServerReply> post_prepare(Site& site, const Request& request);
Task<net::ServerReply> post_confirm(Site& site, const Request& request);

/// For records: "dashboard, owner at 127.0.0.1".
std::string who_of(const Request& request);

/// What stands after the last slash of the path.
std::string_view last_segment(const Request& request);

}  // namespace bb::dashboard
