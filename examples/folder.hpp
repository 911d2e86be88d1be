// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// Files of one folder, for names and bytes that a peer sends.
#pragma once

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sctpxx/bytes.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "sha256.hpp"

/// What a file may be called: it leads nowhere else, is not hidden, and a terminal takes it for text.
inline bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~' && c != '/'; });
}

class FileDescriptor {
 public:
  /// Fails as the system call that gave the number.
  FileDescriptor(int fd, const std::string& what) : fd_{fd} {
    if (fd < 0) throw std::system_error{errno, std::system_category(), what};
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  operator int() const { return fd_; }

 private:
  int fd_;
};

/// A file that is sent piece by piece.
class OutgoingFile {
 public:
  OutgoingFile(int folder, const std::string& name, int flags = 0)
      : file_{::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags),
              "cannot open " + name} {
    struct stat status {};
    if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode))
      throw std::runtime_error{name + " is not a file"};
  }

  /// The next piece, as much as there is room for; empty at the end.
  [[nodiscard]] sctp::Bytes read(sctp::MutableBytes room) const {
    const ssize_t size = ::pread(file_, room.data(), room.size(), static_cast<off_t>(size_));
    if (size < 0) throw std::system_error{errno, std::system_category(), "cannot read"};
    return room.first(static_cast<std::size_t>(size));
  }
  /// It has left: read on behind it.
  void pass(sctp::Bytes piece) {
    digest_.add(piece);
    size_ += piece.size();
  }
  [[nodiscard]] std::string finish() { return digest_.finish(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  FileDescriptor file_;
  Sha256 digest_;
  std::size_t size_ = 0;
};

/// A file that comes piece by piece, under another name until it is whole; gone, if that is never.
class IncomingFile {
 public:
  IncomingFile(int folder, std::string name, bool replaces)
      : folder_{folder}, name_{std::move(name)}, replaces_{replaces}, file_{open(), "cannot create a file"} {}
  IncomingFile(IncomingFile&& other) noexcept
      : folder_{other.folder_},
        name_{std::move(other.name_)},
        replaces_{other.replaces_},
        temporary_{std::exchange(other.temporary_, {})},
        file_{std::move(other.file_)},
        digest_{std::move(other.digest_)},
        size_{other.size_} {}
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile() {
    if (!temporary_.empty()) ::unlinkat(folder_, temporary_.c_str(), 0);
  }

  void add(sctp::Bytes piece) {
    digest_.add(piece);
    size_ += piece.size();
    while (!piece.empty()) {
      const ssize_t size = ::write(file_, piece.data(), piece.size());
      if (size < 0 && errno != EINTR) throw std::system_error{errno, std::system_category(), "cannot write"};
      piece = piece.subspan(static_cast<std::size_t>(std::max(size, ssize_t{0})));
    }
  }

  /// Gives it its name, if it is what was sent.
  void keep(std::string_view digest) {
    if (digest_.finish() != digest)
      throw std::runtime_error{"SHA-256 is another: what came is not what was sent"};
    const unsigned flags = replaces_ ? 0 : RENAME_NOREPLACE;
    if (::renameat2(folder_, temporary_.c_str(), folder_, name_.c_str(), flags) != 0) {
      throw std::system_error{errno, std::system_category(), "cannot call the file " + name_};
    }
    temporary_.clear();
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  int open() {
    struct stat status {};
    if (!is_plain_name(name_)) throw std::runtime_error{"no file can be called so"};
    if (!replaces_ && ::fstatat(folder_, name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      throw std::runtime_error{"there is a file " + name_ + " already, and it is not to be replaced"};
    }
    for (int number = 0;; ++number) {  // others may be receiving a file of that name
      temporary_ = fmt::format(".{}.{}.part", name_, number);
      const int fd = ::openat(folder_, temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0 || errno != EEXIST) return fd;
    }
  }

  int folder_;
  std::string name_;
  bool replaces_;
  std::string temporary_;
  FileDescriptor file_;
  Sha256 digest_;
  std::size_t size_ = 0;
};

/// The files of a folder, by their plain names; no other folders, no symbolic links.
class Folder {
 public:
  Folder(std::string path, bool replaces)
      : path_{std::move(path)},
        replaces_{replaces},
        folder_{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                "cannot open the folder " + path_} {}

  [[nodiscard]] OutgoingFile open(const std::string& name) const {
    if (!is_plain_name(name)) throw std::runtime_error{"no file can be called so"};
    return OutgoingFile{folder_, name, O_NOFOLLOW};
  }
  [[nodiscard]] IncomingFile create(const std::string& name) const { return {folder_, name, replaces_}; }

  /// Calls `tell` with the name and the size of each.
  template <class F>
  void list(F tell) const {
    for (const auto& entry : std::filesystem::directory_iterator{path_}) {
      std::error_code gone;
      const std::string name = entry.path().filename().string();
      if (!is_plain_name(name) || !std::filesystem::is_regular_file(entry.symlink_status(gone))) continue;
      const auto size = entry.file_size(gone);
      if (!gone) tell(name, size);
    }
  }

 private:
  std::string path_;
  bool replaces_;
  FileDescriptor folder_;
};
