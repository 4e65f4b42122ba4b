#include "sim/impl/market_archive.h"

#include <fmt/format.h>
#include <zip.h>
#include <zstd.h>

#include <fstream>
#include <memory>

namespace bb::sim::impl {

namespace {

constexpr std::size_t kLargestPacked = 1u << 30;
constexpr std::size_t kLargest = 1u << 30;

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

struct Free {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

Result<Entry> read_zip_entry(zip_t& archive, zip_uint64_t index, const std::string& name) {
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_stat_index(&archive, index, 0, &about) != 0 || (about.valid & ZIP_STAT_NAME) == 0)
    return bad(fmt::format("{} is damaged: {}", name, zip_strerror(&archive)));
  Entry entry{about.name, {}};
  if (!entry.name.ends_with(".csv")) return entry;
  const std::unique_ptr<zip_file_t, Free> file(zip_fopen_index(&archive, index, 0));
  if (!file) return bad(fmt::format("{} is damaged: {}", name, zip_strerror(&archive)));
  // What the entry says of its size is not believed: it is read until it ends.
  constexpr std::size_t kStep = 1u << 20;
  for (;;) {
    const std::size_t before = entry.text.size();
    if (before >= kLargest) return bad(fmt::format("{}: {} is too large", name, entry.name));
    entry.text.resize(before + kStep);
    const auto got = zip_fread(file.get(), entry.text.data() + before, kStep);
    if (got < 0)
      return bad(
          fmt::format("{}: {} is damaged: {}", name, entry.name, zip_file_strerror(file.get())));
    entry.text.resize(before + static_cast<std::size_t>(got));
    if (got == 0) return entry;
  }
}

}  // namespace

Result<std::string> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) return bad(fmt::format("cannot read {}", path));
  if (static_cast<std::uint64_t>(size) > kLargestPacked)
    return bad(fmt::format("{} is too large", path));
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    return bad(fmt::format("cannot read {}: input error", path));
  return bytes;
}

Result<std::string> unpack_zst(std::string_view packed, const std::string& name) {
  const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  std::string plain;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t missing = 1;  // bytes of a frame that has begun
  while (in.pos < in.size || missing > 0) {
    const std::size_t before = plain.size();
    if (before >= kLargest) return bad(fmt::format("{} is too large", name));
    plain.resize(before + ZSTD_DStreamOutSize());
    ZSTD_outBuffer out{plain.data() + before, plain.size() - before, 0};
    const std::size_t taken = in.pos;
    missing = ZSTD_decompressStream(context.get(), &out, &in);
    plain.resize(before + (ZSTD_isError(missing) != 0 ? 0 : out.pos));
    if (ZSTD_isError(missing) != 0)
      return bad(fmt::format("{} is damaged: {}", name, ZSTD_getErrorName(missing)));
    if (in.pos == taken && out.pos == 0) return bad(fmt::format("{} is cut off", name));
  }
  return plain;
}

Result<std::vector<Entry>> unpack_zip(std::string_view packed, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(packed.data(), packed.size(), 0, &error);
  const std::unique_ptr<zip_t, Free> archive(
      source == nullptr ? nullptr
                        : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (!archive) {
    if (source != nullptr) zip_source_free(source);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    return bad(fmt::format("{} is not a whole zip file: {}", name, why));
  }
  std::vector<Entry> entries;
  const auto count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    auto entry = read_zip_entry(*archive, static_cast<zip_uint64_t>(i), name);
    if (!entry) return std::unexpected(entry.error());
    if (entry->name.ends_with(".csv")) entries.push_back(std::move(*entry));
  }
  if (entries.empty()) return bad(fmt::format("{} holds no CSV file", name));
  return entries;
}

Result<std::vector<Entry>> read_entries(const std::string& path) {
  auto bytes = read_bytes(path);
  if (!bytes) return std::unexpected(bytes.error());
  if (path.ends_with(".zip")) return unpack_zip(*bytes, path);
  if (path.ends_with(".zst")) {
    auto plain = unpack_zst(*bytes, path);
    if (!plain) return std::unexpected(plain.error());
    bytes = std::move(plain);
  }
  std::vector<Entry> entries;
  entries.push_back({path, std::move(*bytes)});
  return entries;
}

}  // namespace bb::sim::impl
