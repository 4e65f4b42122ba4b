// A dashboard over a store in a folder, its requests made by hand: no socket, virtual time.
#pragma once

#include <memory>
#include <string>

#include "dashboard/impl/routes.h"
#include "dashboard/passwords.h"
#include "store/store.h"
#include "support/run.h"

namespace bb::dashboard::test {

using bb::test::RealLoop;
using bb::test::run_sim;
using bb::test::SimLoop;
using bb::test::TempDir;

/// The Argon2id hash of "correct horse battery"; made once, it is slow.
const std::string& owner_hash();
const std::string& viewer_hash();  // of "only looking around"

struct Asked {
  net::Method method = net::Method::get;
  std::string target;
  std::string body = {};
  std::string cookie = {}, csrf = {};
  net::Headers more = {};  // replace what stands below under the same name
};

class World {
 public:
  explicit World(SimLoop& loop, bool with_password = false);
  ~World();

  /// As our own page would ask: Host, Origin, Fetch-Metadata and content type are right.
  Task<net::HttpResponse> ask(Asked asked);
  /// Signed in; `cookie` and `csrf` are set.
  Task<Asked> signed_in(std::string password, net::Method method, std::string target,
                        std::string body = {});

  Settings settings;
  TempDir folder;
  Log log{LogLevel::error, null_sink()};
  std::unique_ptr<store::Store> store;
  Site& site() { return *site_; }
  SimLoop& loop() { return loop_; }

 private:
  SimLoop& loop_;
  Stop stop_;
  std::unique_ptr<Site> site_;
};

/// The member `error.text`, or the whole body.
std::string error_of(const net::HttpResponse& response);

}  // namespace bb::dashboard::test
