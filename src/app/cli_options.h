// What the options of the command line write into, and how a sub-command is made: for the sources
// of cli.h alone.
#pragma once

#include "app/cli.h"

namespace CLI {
class App;
}

namespace bb::app {

/// Everything the options write into; one member per sub-command.
struct Targets {
  EntryCommand entry;
  ManageCommand manage;
  LossCutCommand loss_cut;
  FlattenCommand flatten;
  CancelCommand cancel;
  PauseCommand pause;
  DashboardCommand dashboard;
  BoardCommand board;
  BotCommand bot;
  DoctorCommand doctor;
  StrategiesCommand strategies;
  PaperCommand paper;
  DemoCommand demo;
  InitCommand init;
  ImportCommand takeover;
  BackupCommand backup;
  RestoreCommand restore;
  std::vector<std::string> whom;      // --account of the commands about an account
  std::vector<std::string> accounts;  // --account of the paper exchange
  std::string speed, at, interval, live, percent, strategy;
};

template <class T>
std::string complaint_of(const Result<T>& parsed) {
  return parsed ? std::string() : parsed.error().text;
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* examples);

// cli_paper.cpp
void add_paper(CLI::App& app, Targets& t);
void add_demo(CLI::App& app, Targets& t);
PaperCommand paper_command(Targets& t);

// cli_upkeep.cpp
void add_upkeep(CLI::App& app, Targets& t);

}  // namespace bb::app
