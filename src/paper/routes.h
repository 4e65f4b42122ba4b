// The route table: which endpoints there are, who may call them, and what they weigh.
#pragma once

#include <span>
#include <string_view>

#include "paper/auth.h"
#include "paper/handlers.h"

namespace bb::paper {

struct Route {
  net::Method method = net::Method::get;
  std::string_view path;
  Security security = Security::none;
  int weight = 1;
  Handler handler = nullptr;
  int weight_of_all = 0;  // without `symbol`; 0 = the same
  /// Weight by other parameters, instead of both.
  int (*weigh)(const ParamReader& params) = nullptr;
  bool counts_as_order = false;  // in both order counts
  int orders_in_10s = 1;         // how much of each
  int orders_in_1m = 1;
  bool checks_in_engine = false;  // the time rule again where it acts: -5028
  Pool pool = Pool::weight;       // what else it is charged to
  bool is_audit = false;          // only with expose_journal

  int weight_for(const ParamReader& params) const;
};

/// The whole table.
std::span<const Route> all_routes();
/// Nothing when there is no such path, or not with this method.
const Route* find_route(net::Method method, std::string_view path);

}  // namespace bb::paper
