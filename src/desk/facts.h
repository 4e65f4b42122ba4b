// Facts: what the exchange says of orders and fills, however it comes: an answer, the stream, a
// poll or history. Each is recorded once, and applied by the same rules (reliability I21, I22).
#pragma once

#include "desk/desk.h"

namespace bb::desk {

/// Moves the intent to what `order` says, and says whether anything changed. What was executed
/// never shrinks; an answered intent stays answered, except that a late fill of one that was
/// refused is recorded as the correction it is.
bool advance(store::Intent& intent, const exchange::OrderView& order, const std::string& evidence);

/// A fill as a record. It belongs to the open holding of its leg, or to the one its order was for.
store::FillRecord fill_record(const Parts& parts, const exchange::Fill& fill,
                              const ClientOrderId& client_order_id);

/// An order of ours changed. Whoever waits for its answer learns of it in this very call; the
/// returned task only waits for the disk.
Task<void> record_change(Desk& desk, exchange::OrderChanged change);

/// What orders with the id of one of the holding's entries have sold beyond the first of them: a
/// request that reached the exchange twice (F13). Zero when that cannot be read.
Task<Qty> find_duplicates(Desk& desk, store::Holding holding);

/// An order that opens carries an id of ours that this store never gave out: another program trades
/// this account with our key (I34). Orders that only reduce prove nothing: they leave without
/// waiting for the disk, so after a death their ids may be unknown here, and anybody may send them
/// past a holder that does not answer.
bool is_foreign(Desk& desk, const exchange::OrderView& order);

}  // namespace bb::desk
