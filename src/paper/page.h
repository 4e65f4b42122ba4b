// Which rows of a history an answer holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace bb::paper {

/// At most `limit` rows of `rows`, which stand oldest first: the first ones behind `skip` where the
/// client has said where to begin, else the newest. Valid as long as `rows` is.
template <class Row>
std::span<const Row> page(const std::vector<Row>& rows, bool from_front, std::size_t limit,
                          std::size_t skip = 0) {
  const std::size_t first = from_front            ? std::min(skip, rows.size())
                            : rows.size() > limit ? rows.size() - limit
                                                  : 0;
  return std::span(rows).subspan(first, std::min(limit, rows.size() - first));
}

}  // namespace bb::paper
