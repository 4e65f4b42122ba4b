// TLS over any stream, as the client.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace bb::net {

/// What all TLS connections share: TLS 1.2 or newer, the system's authorities and one more file.
class TlsClient {
 public:
  /// Throws std::runtime_error when the TLS library or the file cannot be used.
  explicit TlsClient(const std::string& extra_ca_file);
  ~TlsClient();

  /// Shakes hands over `lower`. The certificate must chain to an authority and name `host`.
  Task<Result<AnyStream>> handshake(AnyStream lower, Clock& clock, std::string host,
                                    SteadyTime deadline);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace bb::net
