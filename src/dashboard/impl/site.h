// Site: everything a handler may use. One per server, on its loop.
#pragma once

#include <functional>

#include "dashboard/impl/answer_cache.h"
#include "dashboard/impl/library.h"
#include "dashboard/impl/live_cache.h"
#include "dashboard/impl/pending.h"
#include "dashboard/impl/request.h"
#include "dashboard/impl/security.h"
#include "dashboard/impl/sessions.h"
#include "dashboard/impl/statistics.h"
#include "dashboard/impl/throttle.h"
#include "dashboard/server.h"

namespace bb::dashboard {

struct Site {
  Site(boost::asio::io_context& loop, Clock& c, const Log& l, Options o);

  boost::asio::io_context& io;
  Clock& clock;
  const Log& log;
  const Options options;
  HostNames hosts;
  Sessions sessions;
  Throttle throttle;
  Library library;
  News news;
  LiveCache live;
  Pending pending;
  StatisticsCache statistics;
  AnswerCache answers;
  AnswerCache candles;
  Stop* stop = nullptr;  // of the running server

  const Settings& settings() const { return options.settings; }
  bool needs_sign_in() const { return settings().has_password(); }
};

using Handler = Task<net::ServerReply> (*)(Site&, const Request&);

/// Reads something from the database, or answers why that is not possible.
template <class Read>
Task<net::ServerReply> with_reader(Site& site, const Read& read) {
  auto reader = site.library.open();
  if (!reader) co_return answer_error(reader.error());
  Result<std::string> json = read(**reader);
  if (json) co_return answer_json(std::move(*json));
  if (json.error().code != kNotFound) site.library.close();
  co_return answer_error(json.error());
}

}  // namespace bb::dashboard
