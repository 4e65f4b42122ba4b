// A configuration of a SimWorld's account, with a folder of its own.
#pragma once

#include "app/wiring.h"
#include "support/sim_world.h"

namespace bb::app::test {

struct Setup {
  explicit Setup(bb::test::SimWorld& w) : world(w) {
    const auto& settings = world.binance_settings();
    config.binance.base_url = settings.base_url;
    config.binance.api_key = settings.api_key.clone();
    config.binance.api_secret = settings.api_secret.clone();
    config.runtime.db_path = dir.file("state.db");
    config.runtime.lock_file = dir.file("runtime.lock");
    config.runtime.log_dir = dir.file("logs");
    config.runtime.state_dir = dir.path();
    config.runtime.lock_wait_sec = Decimal::from_int(0);
  }
  Ground ground() { return {world.dialer(), world.loop().clock, log, config}; }

  bb::test::SimWorld& world;
  bb::test::TempDir dir;
  Config config;
  Log log{LogLevel::error, null_sink()};
};

}  // namespace bb::app::test
