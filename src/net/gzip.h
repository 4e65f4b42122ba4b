// Decodes gzip bodies.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bb::net {

/// The decoded bytes; an error when the text is not one whole gzip stream or decodes to more than
/// `max_bytes`.
Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes);

}  // namespace bb::net
