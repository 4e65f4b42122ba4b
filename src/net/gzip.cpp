#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace bb::net {

namespace {

struct Inflater {
  Inflater() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool ready = false;
};

}  // namespace

Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes) {
  Inflater inflater;
  if (!inflater.ready) return fail(ErrorKind::malformed, "the gzip decoder cannot start");
  auto& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK) {
    const std::size_t used = out.size();
    if (used > max_bytes) return fail(ErrorKind::malformed, "the gzip body is too large");
    // One byte above the limit is enough to know that it is exceeded.
    const std::size_t wanted = std::max<std::size_t>(4096, std::max(used, packed.size() * 4));
    const std::size_t grow = std::min(wanted, max_bytes + 1 - used);
    out.resize(used + grow);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(grow);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(used + grow - stream.avail_out);
  }
  if (out.size() > max_bytes) return fail(ErrorKind::malformed, "the gzip body is too large");
  if (state != Z_STREAM_END || stream.avail_in != 0)
    return fail(ErrorKind::malformed, "the gzip body is broken");
  return out;
}

}  // namespace bb::net
