// init, import, backup, restore: what a person does a few times in the life of a server.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "app/cli_options.h"

namespace bb::app {

namespace {

void add_init(CLI::App& app, Targets& t) {
  auto& i = t.init;
  auto* init = add_command(
      app, "init", "Write a first config.ini: asks, tests the keys, finds the Telegram chat",
      "  bubble-buster init\n"
      "  bubble-buster init --config /etc/bubble-buster/config.ini --exchange testnet\n"
      "  bubble-buster init --no-input --exchange live --api-key-file key --api-secret-file "
      "secret \\\n      --telegram-token-file token --telegram-chat 123456789\n"
      "Keys are asked for without echo. The file is readable for its owner alone.\n");
  init->add_option("--exchange", i.exchange, "paper, testnet or live")
      ->check(CLI::IsMember({"paper", "testnet", "live"}));
  init->add_option("--base-url", i.base_url, "Of the exchange, where it is another than usual");
  init->add_option("--api-key-file", i.api_key_file, "Holds the API key; - = standard input");
  init->add_option("--api-secret-file", i.api_secret_file, "Holds its secret; - = standard input");
  init->add_option("--telegram-token-file", i.telegram_token_file,
                   "Holds the bot's token, from @BotFather; - = standard input");
  init->add_option("--telegram-chat", i.telegram_chat,
                   "Chat and user id, where it is known (default: send the bot a code)");
  init->add_option("--telegram-wait", i.telegram_wait_sec, "Seconds to wait for that code")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  init->add_option("--telegram-api-url", i.telegram_api_url, "Of a Bot API server of one's own");
  init->add_flag("--no-telegram", i.no_telegram, "No bot, no alerts by Telegram");
  init->add_flag("--no-input", i.no_input, "Ask nothing; what no option says has its default");
  init->add_flag("--force", i.force,
                 "Keep an existing file as <name>.before (.2, ..) and write a new one");
  init->add_flag("--no-doctor", i.no_doctor, "Do not look at the whole set-up at the end");
}

void add_import(CLI::App& app, Targets& t) {
  auto& i = t.takeover;
  auto* takeover = add_command(
      app, "import", "Take over the Python program's config.ini and state.db",
      "  bubble-buster import --from /opt/bubble_buster/config.ini\n"
      "  bubble-buster import --from /opt/bubble_buster/config.ini --apply\n"
      "  bubble-buster import --from-db old/state.db --config config.ini --apply\n"
      "Without --apply it says what would happen and writes nothing. Stop the Python program\n"
      "before --apply. It may be repeated: what is known is not taken twice.\n");
  takeover->add_option("--from", i.from, "The Python program's config.ini");
  auto* from_db = takeover->add_option("--from-db", i.from_db,
                                       "Its state.db (default: what its config.ini names)");
  takeover->add_flag("--no-db", i.no_db, "Take over the configuration alone: it has no state.db")
      ->excludes(from_db);
  takeover->add_flag(
      "--live", i.live,
      "Writes environment = live: the owner's word that this file trades with money");
  takeover->add_flag("--apply", i.apply, "Do it");
}

void add_backup(CLI::App& app, Targets& t) {
  const auto whom = [&](CLI::App* command) {
    command->add_option("--account", t.whom, "Of the configuration: a NAME");
  };
  auto* backup = add_command(
      app, "backup", "Copy the account's database while it is in use, and read the copy through",
      "  bubble-buster backup\n  bubble-buster backup --to /var/backups/bubble-buster --keep 30\n");
  backup->add_option("--to", t.backup.to,
                     "Folder of the copies (default: `backups` beside the database)");
  backup->add_option("--keep", t.backup.keep, "How many copies stay (default: all)")
      ->check(CLI::Range(1, 100'000));
  whom(backup);
  auto* restore = add_command(
      app, "restore",
      "Put a backup in the place of the account's database, or try whether it would",
      "  bubble-buster restore --drill\n"
      "  bubble-buster restore --file backups/state-20261122T074000Z.db --apply\n"
      "Without --apply it says what would happen. What was there is moved aside, never deleted.\n"
      "Stop the service first.\n");
  restore->add_option("--file", t.restore.file, "The copy (default: the newest of --from)");
  restore->add_option("--from", t.restore.folder,
                      "Folder of the copies (default: `backups` beside the database)");
  auto* drill = restore->add_flag("--drill", t.restore.drill,
                                  "Restore into a temporary folder, open it as the service would, "
                                  "compare it with the present one, and change nothing");
  restore->add_flag("--apply", t.restore.apply, "Do it")->excludes(drill);
  whom(restore);
}

}  // namespace

void add_upkeep(CLI::App& app, Targets& t) {
  add_init(app, t);
  add_import(app, t);
  add_backup(app, t);
}

}  // namespace bb::app
