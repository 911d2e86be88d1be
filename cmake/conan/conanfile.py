# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# Conan 2, of the sources that this file lies in: conan create cmake/conan
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load
from conan.tools.system.package_manager import Apk, Apt, Dnf, PacMan, Zypper


class SctpxxRecipe(ConanFile):
    name = "sctpxx"
    description = "Whole messages and typed events over the Linux kernel's SCTP, for C++20"
    license = "MIT"
    topics = ("sctp", "network", "telecom")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "..", "..", "CMakeLists.txt"))
        self.version = re.search(r"project\(sctpxx VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        sources = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "CHANGELOG.md", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, sources, self.export_sources_folder)

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("sctpxx is for the SCTP of the Linux kernel")
        check_min_cppstd(self, 20)

    def layout(self):
        self.folders.root = os.path.join("..", "..")
        cmake_layout(self)

    def system_requirements(self):  # lksctp-tools, which Conan's own packages do not have
        Apt(self).install(["libsctp-dev"])
        Dnf(self).install(["lksctp-tools-devel"])
        Zypper(self).install(["lksctp-tools-devel"])
        PacMan(self).install(["lksctp-tools"])
        Apk(self).install(["lksctp-tools-dev"])

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["SCTPXX_TESTS"] = False
        toolchain.cache_variables["SCTPXX_EXAMPLES"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["sctpxx"]
        if not self.options.shared:
            self.cpp_info.system_libs = ["sctp"]
        folder = os.path.join("lib", "cmake", "sctpxx")
        self.cpp_info.builddirs = [folder]
        self.cpp_info.set_property("cmake_file_name", "sctpxx")
        self.cpp_info.set_property("cmake_target_name", "sctpxx::sctpxx")
        self.cpp_info.set_property("cmake_build_modules", [os.path.join(folder, "sctpxx_testing.cmake")])
        self.cpp_info.set_property("pkg_config_name", "sctpxx")
