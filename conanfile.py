"""The package of Conan 2: headers, and what they need of others. `./dev conan` makes it and tries it out."""

import os
import re

from conan import ConanFile
from conan.errors import ConanException, ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import cmake_layout
from conan.tools.files import copy, load
from conan.tools.scm import Version


class Parley(ConanFile):
    name = "parley"
    description = "Inter-process communication on Linux, composed from policies"
    license = "MIT"
    topics = ("ipc", "message-passing", "shared-memory", "lock-free", "header-only")

    # One package for all settings: with these two lines Conan leaves them out of its identity. They still say below for
    # which compilers it is.
    package_type = "header-library"
    implements = ["auto_header_only"]
    settings = "os", "arch", "compiler", "build_type"

    default_options = {"boost/*:header_only": True}
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True

    # For work on parley itself, where `conan install` comes before `cmake --preset conan-...`.
    generators = "CMakeDeps", "CMakeToolchain"

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "CMakeLists.txt"))
        found = re.search(r"project\(\s*parley\s+VERSION\s+([0-9.]+)", text)
        if not found:
            raise ConanException("CMakeLists.txt does not say which version this is")
        self.version = found.group(1)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.81 <2]")

    def build_requirements(self):
        # The tests take a quarter of an hour and the package is the same without them, so it is those who work on
        # parley that ask for them: -c tools.build:skip_test=False.
        if not self.conf.get("tools.build:skip_test", default=True, check_type=bool):
            self.test_requires("catch2/[>=2.13 <4]")
            self.test_requires("benchmark/[>=1.7 <2]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("parley stands on Linux alone")
        if self.settings.get_safe("compiler.cppstd"):
            check_min_cppstd(self, 20)
        oldest = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if oldest and Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration(f"parley needs {self.settings.compiler} {oldest} or newer")

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        # The names are those that `cmake --install` gives, so that no project sees where parley comes from.
        self.cpp_info.set_property("cmake_file_name", "parley")
        self.cpp_info.set_property("cmake_target_name", "parley::parley")
        self.cpp_info.set_property("cmake_config_version_compat", "SameMinorVersion")
        self.cpp_info.set_property("pkg_config_name", "parley")
        self.cpp_info.requires = ["boost::headers"]
        self.cpp_info.system_libs = ["pthread", "rt"]
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
