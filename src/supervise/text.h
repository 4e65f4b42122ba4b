// Texts of other programs, made fit for a person: no control bytes, no secrets, no surprise length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace bb::supervise {

/// One line: ANSI sequences dropped, control bytes and broken UTF-8 as '?', invisible and
/// direction-changing characters as their code point (U+202E), cut at `bytes_max`.
std::string clean_text(std::string_view text, std::size_t bytes_max = 200);
/// The same for a text of many lines.
std::string clean_lines(std::string_view text);
/// A word somebody sent, in quotes and with everything but plain ASCII spelled out, so that a
/// look-alike does not look alike.
std::string quote_word(std::string_view word);

/// Replaces what may be a secret by "***": the values of `known`, what follows key=, token:,
/// "secret": and their kin, bearer tokens, passwords in URLs, private keys, bot tokens, and any
/// word of 40 and more letters and digits mixed.
std::string mask_secrets(std::string_view text, const std::vector<Secret>& known = {});

/// The last `lines` lines.
std::string_view last_lines(std::string_view text, std::size_t lines);

}  // namespace bb::supervise
