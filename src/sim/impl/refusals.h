// Binance's refusals: codes and texts (reference §21.2; where a live answer was recorded, its
// text).
#pragma once

#include <string>

#include "sim/exchange.h"

namespace bb::sim::impl::refuse {

using Refusal = std::unexpected<Rejection>;

Refusal parameter_missing(const std::string& name);   // -1102
Refusal parameter_unwanted(const std::string& name);  // -1106
Refusal bad_precision();                              // -1111
Refusal bad_symbol();                                 // -1121
Refusal bad_symbol_status();                          // -1122
Refusal bad_value(const std::string& name);           // -1130
Refusal unknown_order();                              // -2011
Refusal no_such_order();                              // -2013
Refusal balance_not_sufficient();                     // -2018
Refusal margin_insufficient();                        // -2019
Refusal would_trigger();                              // -2021
Refusal reduce_only();                                // -2022
Refusal in_liquidation();                             // -2023
Refusal too_many_orders();                            // -2025
Refusal position_too_large();                         // -2027
Refusal leverage_too_small();                         // -2028
Refusal price_above_max();                            // -4002
Refusal qty_not_positive();                           // -4003
Refusal qty_below_min();                              // -4004
Refusal qty_above_max();                              // -4005
Refusal trigger_above_max();                          // -4007
Refusal price_below_min();                            // -4013
Refusal price_off_tick();                             // -4014
Refusal client_id(bool too_long);                     // -4015
Refusal price_above_band();                           // -4016
Refusal qty_off_step();                               // -4023
Refusal price_below_band();                           // -4024
Refusal leverage_invalid(int leverage);               // -4028
Refusal too_many_stops();                             // -4045
Refusal margin_type_same();                           // -4046
Refusal margin_type_with_orders();                    // -4047
Refusal margin_type_with_position();                  // -4048
Refusal isolated_only();                              // -4049
Refusal cross_balance_insufficient();                 // -4050
Refusal isolated_balance_insufficient();              // -4051
Refusal no_position();                                // -4054
Refusal amount_not_positive();                        // -4055
Refusal mode_same();                                  // -4059
Refusal wrong_position_side();                        // -4061
Refusal mode_with_orders();                           // -4067
Refusal mode_with_positions();                        // -4068
Refusal duplicate_client_id();                        // -4116
Refusal reduce_only_capacity();                       // -4118
Refusal second_close_position();                      // -4130
Refusal no_counterparty();                            // -4131
Refusal activation_price();                           // -4135
Refusal no_close_position_for(OrderType type);        // -4136
Refusal qty_with_close_position();                    // -4137
Refusal not_opening_now();                            // -4140
Refusal symbol_closed();                              // -4141
Refusal leverage_reduction();                         // -4161
Refusal min_notional(Usdt notional);                  // -4164
Refusal no_position_for_close();                      // -4509
Refusal not_fillable();                               // -5021
Refusal would_take();                                 // -5022
Refusal not_amendable_now();                          // -5024
Refusal not_a_limit_order();                          // -5025
Refusal too_many_amendments();                        // -5026
Refusal nothing_to_amend();                           // -5027
Refusal amended_notional(Usdt notional);              // -5029
Refusal price_match_type();                           // -5038
Refusal good_till_date();                             // -5040
Refusal no_depth();                                   // -5041
Refusal not_reduce_only();                            // -5047

}  // namespace bb::sim::impl::refuse
