# The Debian package: cpack -G DEB in a build folder of the release preset (tools/package.sh).
include(GNUInstallDirs)

find_program(GZIP gzip REQUIRED)
set(manual ${CMAKE_BINARY_DIR}/bubble-buster.1.gz)
add_custom_command(OUTPUT ${manual}
  COMMAND ${GZIP} -9nc ${CMAKE_SOURCE_DIR}/deploy/bubble-buster.1 > ${manual}
  DEPENDS ${CMAKE_SOURCE_DIR}/deploy/bubble-buster.1 VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual})

add_custom_target(sbom COMMAND ${CMAKE_SOURCE_DIR}/tools/sbom.py $<TARGET_FILE:bubble-buster>
  ${CMAKE_SOURCE_DIR}/web/package-lock.json > ${CMAKE_BINARY_DIR}/sbom.json
  DEPENDS bubble-buster VERBATIM)
install(FILES ${CMAKE_BINARY_DIR}/sbom.json DESTINATION share/doc/bubble-buster)

install(TARGETS bubble-buster RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
file(GLOB units CONFIGURE_DEPENDS deploy/systemd/*.service deploy/systemd/*.timer)
install(FILES ${units} DESTINATION lib/systemd/system)
install(DIRECTORY data DESTINATION share/bubble-buster)  # the days that `demo` plays
install(FILES deploy/config.ini.example deploy/config_b.ini deploy/cron.example
  DESTINATION share/doc/bubble-buster/examples)
install(FILES deploy/debian/copyright README.md README.zh.md DESTINATION share/doc/bubble-buster)
install(FILES ${manual} DESTINATION share/man/man1)
install(FILES deploy/bubble-buster.bash-completion
  DESTINATION share/bash-completion/completions RENAME bubble-buster)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bubble-buster)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "Bubble Buster <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "shorts the day's top gainers on USDM futures, and guards them")
set(CPACK_PACKAGE_DESCRIPTION
  "A trading service with its own paper exchange, a dashboard, a Telegram bot\n"
  " and the tools to run it for years. `bubble-buster demo` needs no key.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "fonts-noto-cjk")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
