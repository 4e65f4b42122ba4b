// TLS over any stream, as the client.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace bb::net {

/// PEM files; each may be empty.
struct TlsFiles {
  std::string extra_ca;  // trusted besides the system's authorities
  std::string only_ca;   // trusted instead of them
  std::string client_cert;
  std::string client_key;
};

/// What all TLS connections share: TLS 1.2 or newer, authorities, and who we are.
class TlsClient {
 public:
  /// Throws std::runtime_error when the TLS library or a file cannot be used.
  explicit TlsClient(const TlsFiles& files);
  ~TlsClient();

  /// Shakes hands over `lower`. The certificate must chain to an authority and name `host`.
  Task<Result<AnyStream>> handshake(AnyStream lower, Clock& clock, std::string host,
                                    SteadyTime deadline);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace bb::net
