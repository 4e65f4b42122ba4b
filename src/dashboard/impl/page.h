// Page: the built front end, packed into the program by web/pack.mjs.
#pragma once

#include <span>
#include <string_view>

#include "dashboard/impl/request.h"

namespace bb::dashboard {

struct PageFile {
  std::string_view path;  // "/index.html", "/assets/index-4f2a.js"
  std::string_view type;
  std::string_view etag;      // quoted
  std::string_view gzipped;   // the bytes
  bool is_immutable = false;  // its name changes with its content
};

std::span<const PageFile> page_files();

/// The file of that path; "/" is the page. Nothing where there is none.
const PageFile* find_page_file(std::string_view path);
/// Packed where the browser takes that; 304 where it has the file.
net::ServerReply answer_file(const PageFile& file, const Request& request);

}  // namespace bb::dashboard
