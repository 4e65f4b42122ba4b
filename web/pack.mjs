// Packs the built page into one C++ source: node pack.mjs DIST OUT.cpp
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const [dist, out] = process.argv.slice(2);
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
};

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

const lines = [
  '// Made by web/pack.mjs from the built page.',
  '#include <array>',
  '',
  '#include "dashboard/impl/page.h"',
  '',
  'namespace bb::dashboard {',
  '',
  'namespace {',
  '',
];
const rows = [];
walk(dist).sort().forEach((file, index) => {
  const path = '/' + relative(dist, file).split('\\').join('/');
  const plain = readFileSync(file);
  const packed = gzipSync(plain, { level: 9 });
  packed.fill(0, 4, 8); // the time stamp: the same page is the same bytes
  packed[9] = 255; // and so is the system it was made on
  const type = types[path.slice(path.lastIndexOf('.'))];
  if (!type) throw new Error(`no content type for ${path}`);
  const etag = createHash('sha256').update(plain).digest('hex').slice(0, 16);
  lines.push(`constexpr unsigned char kFile${index}[] = {`);
  for (let i = 0; i < packed.length; i += 24) {
    lines.push('  ' + [...packed.subarray(i, i + 24)].join(',') + ',');
  }
  lines.push('};');
  rows.push(
    `  PageFile{"${path}", "${type}", "\\"${etag}\\"",\n` +
      `           {reinterpret_cast<const char*>(kFile${index}), sizeof(kFile${index})}, ` +
      `${path.startsWith('/assets/')}},`,
  );
});
lines.push('', '}  // namespace', '', 'std::span<const PageFile> page_files() {');
lines.push('  static const std::array files{', ...rows, '  };', '  return files;', '}', '');
lines.push('}  // namespace bb::dashboard', '');
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, lines.join('\n'));
