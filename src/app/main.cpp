#include "app/program.h"

int main(int count, char** arguments) {
  return bb::app::run_program({arguments + 1, arguments + count}, bb::process_environment());
}
