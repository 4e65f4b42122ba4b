#include "bot/request.h"

#include <algorithm>
#include <optional>

#include "control/command.h"

namespace bb::bot {

namespace {

using Words = std::vector<std::string>;
using Fault = std::optional<Refusal>;

constexpr int kLogLinesMost = 5000;
constexpr std::size_t kSymbolsMost = 20;
constexpr std::string_view kStopsStrategies = "stop-strategies";
constexpr std::string_view kChoosesSymbols = "choose-symbols";

constexpr Phrase kUnknownCommand{"There is no command “{}”. /help lists them all.",
                                 "没有「{}」这个命令。/help 查看全部命令。"};
constexpr Phrase kTooMany{"“{}” is one word too many. Nothing was done.",
                          "「{}」多余，未执行任何操作。"};
constexpr Phrase kBadPercent{
    "“{}” is not a percentage above 0 and at most 100, such as 50 or 12.5. Nothing was done.",
    "「{}」不是 0 到 100 之间的百分比（例如 50 或 12.5）。未执行任何操作。"};
constexpr Phrase kNoAccount{
    "There is no account “{}” here. Nothing was done. /accounts lists yours.",
    "没有账户「{}」，未执行任何操作。/accounts 查看你的账户。"};
constexpr Phrase kNotUnderstood{"“{}” is not understood here. Nothing was done.",
                                "无法理解「{}」，未执行任何操作。"};
constexpr Phrase kTwice{"“{}” says a second time what was said before. Nothing was done.",
                        "「{}」与前面的内容重复，未执行任何操作。"};

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789.,%+-eE") == std::string_view::npos &&
         word.find_first_of("0123456789") != std::string_view::npos;
}

bool is_symbol(std::string_view word) {
  if (word.size() < 5 || !control::complaint_of_symbol(word).empty()) return false;
  return word.find_first_of("abcdefghijklmnopqrstuvwxyz:/\"") == std::string_view::npos;
}

std::optional<Pick> pick_of(std::string_view word) {
  for (const auto pick : {Pick::longs, Pick::shorts, Pick::losers, Pick::winners})
    if (word == str(pick)) return pick;
  if (word == "longs") return Pick::longs;
  if (word == "shorts") return Pick::shorts;
  return std::nullopt;
}

class Reader {
 public:
  Reader(Request& request, const Words& accounts) : request_(request), accounts_(accounts) {}

  Fault read(const Words& words) {
    for (const auto& word : words)
      if (auto fault = take(word)) return fault;
    return {};
  }

 private:
  bool is_account(const std::string& word) const {
    return std::ranges::find(accounts_, word) != accounts_.end();
  }

  Fault take(const std::string& word) {
    switch (request_.verb) {
      case Verb::flatten:
        return take_flatten(word);
      case Verb::clear:
        return take_clear(word);
      case Verb::cancel:
        return take_cancel(word);
      case Verb::resume:
        if (word.size() == 6 && is_number(word) && !is_account(word)) return take_code(word);
        return take_target(word);
      case Verb::unlock:
        if (word.size() == 6 && is_number(word)) return take_code(word);
        return Refusal{kNotUnderstood, word};
      case Verb::pnl:
        return take_word_or_target(word, {"day", "week", "month"});
      case Verb::mute:
        return take_word_or_target(word, {"30m", "1h", "8h", "off"});
      case Verb::language:
        return take_choice(word, {"en", "zh"});
      case Verb::logs:
        if (is_number(word) && !is_account(word)) return take_count(word);
        return take_target(word);
      case Verb::status:
      case Verb::positions:
      case Verb::balance:
      case Verb::orders:
      case Verb::equity:
      case Verb::last_run:
      case Verb::next:
      case Verb::doctor:
      case Verb::pause:
      case Verb::loss_cut:
        return take_target(word);
      case Verb::start:  // a deep link may carry anything; it opens the menu (reference §16.8)
      case Verb::help:
        return {};
      case Verb::alerts:
        if (word.contains('=') && !is_account(word)) return take_level(word);
        return take_target(word);
      case Verb::accounts:
      case Verb::audit:
      case Verb::version:
      case Verb::lock:
        return Refusal{kTooMany, word};
      case Verb::strategies:
      case Verb::strategy:
      case Verb::start_strategy:
      case Verb::stop_strategy:
      case Verb::restart_strategy:
      case Verb::last_exit:
        return take_name(word);
      case Verb::strategy_logs:
        // The name comes first: ids are numbers, too.
        return request_.name.empty() ? take_name(word) : take_count(word);
    }
    return Refusal{kTooMany, word};
  }

  Fault take_name(const std::string& word) {
    if (!request_.name.empty()) return Refusal{kTooMany, word};
    request_.name = word;
    return {};
  }

  Fault take_target(const std::string& word) {
    if (!request_.target.empty()) return Refusal{kTooMany, word};
    if (word != "all" && !word.starts_with("group:") && !is_account(word))
      return Refusal{kNoAccount, word};
    request_.target = word;
    return {};
  }

  Fault take_percent(const std::string& word) {
    if (request_.says_percent) return Refusal{kTooMany, word};
    const auto percent = control::parse_percent(word);
    if (!percent) return Refusal{kBadPercent, word};
    request_.percent = *percent;
    request_.says_percent = true;
    return {};
  }

  Fault take_flatten(const std::string& word) {
    // After the account a number is a percentage, even where an account has that name.
    if (is_account(word) && (request_.target.empty() || !is_number(word))) return take_target(word);
    if (const auto pick = pick_of(word)) {
      if (request_.pick != Pick::all) return Refusal{kTwice, word};
      request_.pick = *pick;
      return {};
    }
    if (word == kStopsStrategies) {
      if (request_.stops_strategies) return Refusal{kTwice, word};
      request_.stops_strategies = true;
      return {};
    }
    if (word == kChoosesSymbols) return take_choosing(word);
    if (word == "all" || word.starts_with("group:")) return take_target(word);
    if (is_number(word)) return take_percent(word);
    if (is_symbol(word)) return take_symbol(word);
    return request_.target.empty() ? Refusal{kNoAccount, word} : Refusal{kNotUnderstood, word};
  }

  // none; an account; an account and a percentage. Anything else was once "all accounts, all of
  // it".
  Fault take_clear(const std::string& word) {
    if (request_.target.empty()) return take_target(word);
    return take_percent(word);
  }

  Fault take_choosing(const std::string& word) {
    if (request_.chooses_symbols) return Refusal{kTwice, word};
    request_.chooses_symbols = true;
    return {};
  }

  Fault take_cancel(const std::string& word) {
    if (word == kChoosesSymbols && !is_account(word)) return take_choosing(word);
    if (is_account(word) || word == "all" || word.starts_with("group:")) return take_target(word);
    if (is_symbol(word)) return take_symbol(word);
    return request_.target.empty() ? Refusal{kNoAccount, word} : Refusal{kNotUnderstood, word};
  }

  Fault take_symbol(const std::string& word) {
    if (request_.symbols.size() >= kSymbolsMost) return Refusal{kTooMany, word};
    if (std::ranges::find(request_.symbols, word) != request_.symbols.end())
      return Refusal{kTwice, word};
    request_.symbols.push_back(word);
    return {};
  }

  Fault take_code(const std::string& word) {
    if (!request_.code.empty()) return Refusal{kTooMany, "······"};
    request_.code = word;
    return {};
  }

  Fault take_choice(const std::string& word, const Words& choices) {
    if (!request_.word.empty()) return Refusal{kTooMany, word};
    if (std::ranges::find(choices, word) == choices.end()) return Refusal{kNotUnderstood, word};
    request_.word = word;
    return {};
  }

  Fault take_word_or_target(const std::string& word, const Words& choices) {
    if (!is_account(word) && std::ranges::find(choices, word) != choices.end())
      return take_choice(word, choices);
    return take_target(word);
  }

  Fault take_level(const std::string& word) {
    const auto level = word.substr(word.find('=') + 1);
    if (level != "on" && level != "silent" && level != "off") return Refusal{kNotUnderstood, word};
    if (!request_.word.empty()) return Refusal{kTooMany, word};
    request_.word = word;
    return {};
  }

  Fault take_count(const std::string& word) {
    if (request_.count != 0) return Refusal{kTooMany, word};
    const bool is_whole = word.find_first_not_of("0123456789") == std::string::npos;
    const int count = is_whole && word.size() <= 4 ? std::stoi(word) : 0;
    if (count < 1 || count > kLogLinesMost) return Refusal{kNotUnderstood, word};
    request_.count = count;
    return {};
  }

  Request& request_;
  const Words& accounts_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string quoted(const std::string& word) {
  return word.find_first_of(" \t") == std::string::npos ? word : "\"" + word + "\"";
}

}  // namespace

std::string_view str(Pick pick) {
  switch (pick) {
    case Pick::all:
      return "";
    case Pick::longs:
      return "long";
    case Pick::shorts:
      return "short";
    case Pick::losers:
      return "losers";
    case Pick::winners:
      return "winners";
  }
  return "";
}

std::vector<std::string> words_of(std::string_view line) {
  Words words;
  std::string word;
  bool is_quoted = false;
  bool has_word = false;
  for (const char c : line) {
    if (c == '"') {
      is_quoted = !is_quoted;
      has_word = true;
    } else if (!is_quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (has_word) words.push_back(std::exchange(word, {}));
      has_word = false;
    } else {
      word += c;
      has_word = true;
    }
  }
  if (has_word) words.push_back(std::move(word));
  return words;
}

bool is_typable(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    return c == '"' || static_cast<unsigned char>(c) < ' ';
  });
}

std::expected<std::optional<Request>, Refusal> parse_request(
    std::string_view line, std::string_view bot_name, const std::vector<std::string>& accounts) {
  Words words = words_of(line);
  if (words.empty() || !words.front().starts_with('/')) return std::optional<Request>();
  std::string_view name = std::string_view(words.front()).substr(1);
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    if (lower(name.substr(at + 1)) != lower(bot_name)) return std::optional<Request>();
    name = name.substr(0, at);
  }
  const auto* row = find_command(lower(name));
  if (row == nullptr) return std::unexpected(Refusal{kUnknownCommand, words.front()});
  Request request;
  request.verb = row->verb;
  words.erase(words.begin());
  if (auto fault = Reader(request, accounts).read(words)) return std::unexpected(*fault);
  return std::optional<Request>(std::move(request));
}

std::string line_of(const Request& request) {
  std::string line = std::string("/") + row_of(request.verb).name;
  if (!request.word.empty()) line += " " + request.word;
  if (!request.name.empty()) line += " " + quoted(request.name);
  if (request.count != 0) line += " " + std::to_string(request.count);
  if (!request.target.empty()) line += " " + quoted(request.target);
  if (request.says_percent) line += " " + request.percent.str();
  if (request.pick != Pick::all) line += " " + std::string(str(request.pick));
  for (const auto& symbol : request.symbols)
    line += " " + symbol;
  if (request.chooses_symbols) line += " " + std::string(kChoosesSymbols);
  if (request.stops_strategies) line += " " + std::string(kStopsStrategies);
  return line;
}

std::string without_codes(std::string_view text) {
  constexpr std::size_t kDigits = 6;
  const auto run = [&](std::size_t from) {  // of digits, from there
    std::size_t length = 0;
    while (from + length < text.size() && text[from + length] >= '0' && text[from + length] <= '9')
      ++length;
    return length;
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = run(at);
    const bool is_split = length == kDigits / 2 && at + length < text.size() &&
                          text[at + length] == ' ' && run(at + length + 1) == kDigits / 2;
    if (length == kDigits || is_split) {
      out += "······";
      at += length + (is_split ? 1 + kDigits / 2 : 0);
    } else {
      out += text.substr(at, std::max<std::size_t>(length, 1));
      at += std::max<std::size_t>(length, 1);
    }
  }
  return out;
}

std::string usage_of(Verb verb) {
  const auto& row = row_of(verb);
  return std::string("/") + row.name + (*row.arguments == '\0' ? "" : " ") + row.arguments;
}

}  // namespace bb::bot
