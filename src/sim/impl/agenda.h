// The agenda: the next moment that concerns each seat and each account's guards. A seat that
// changes is looked at anew when the walk goes on; all others keep the moment that was found for
// them, so an order costs the same however many accounts and symbols there are.
#pragma once

#include "sim/impl/state.h"

namespace bb::sim::impl {

/// Something in the seat changed.
void touch(Core& core, Account& account, Seat& seat);
/// Something changed that a cross account's health hangs on.
void touch_guards(Core& core, Account& account);

/// Moves `core.now` to the next thing that happens until `target`; nothing when there is none. What
/// happens at one instant is looked for once, however much of it there is.
std::optional<Event> next_event(Core& core, TimePoint target);
/// To be called before the first of them: what was left undone is looked for anew.
void resume_agenda(Core& core);

/// Forgets what was foreseen from now on for a seat, and for the account's guards of its symbol.
void search_again(Core& core, Account& account, Seat& seat);

/// The market has grown at `from`, after now(): what was searched is searched again from there on.
void search_on(Core& core, Account& account, Seat& seat, TimePoint from);

/// The price that a watch looks at.
Price watched_price(const Core& core, Symbol symbol, bool on_mark);

}  // namespace bb::sim::impl
