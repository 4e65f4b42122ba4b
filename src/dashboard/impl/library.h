// Library: the account's database as the pages read it: one read-only connection that is opened
// when first needed, and again after an error or when another file has taken the place of this one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "store/reader.h"

namespace bb::dashboard {

class Library {
 public:
  Library(std::string path, std::string account)
      : path_(std::move(path)), account_(std::move(account)) {}

  /// Valid until the next call. Errors say what to do: no file yet, another account's, damaged,
  /// older (the next start of the service brings it up), newer.
  Result<store::Reader*> open();
  /// After a failed read: the next open() begins anew.
  void close() { reader_.reset(); }
  /// The text for pages, or empty.
  std::string problem();

 private:
  struct Identity {
    dev_t device = 0;
    ino_t file = 0;
    bool operator==(const Identity&) const = default;
  };
  std::optional<Identity> identity() const;

  std::string path_, account_;
  std::optional<store::Reader> reader_;
  std::optional<Identity> opened_;
};

}  // namespace bb::dashboard
