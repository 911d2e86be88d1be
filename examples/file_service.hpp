// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT

// What file_transfer's server does for a client.
#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <string>

#include "file_link.hpp"
#include "printable.hpp"

/// Serves one client.
class Service {
 public:
  Service(Link& link, const Folder& folder, std::string who)
      : link_{link}, folder_{folder}, who_{std::move(who)} {}

  void take(const sctp::Message& message) {
    const sctp::StreamId stream = message.stream;
    if (stream == control) return obey(sctp::as_text(message.payload));
    const auto file = files_.find(stream);
    if (file == files_.end()) throw std::runtime_error{"sends a file that it has not announced"};
    auto& [name, incoming] = file->second;
    try {
      if (message.ppid == piece) {
        if (incoming) incoming->add(message.payload);
        return;
      }
      if (message.ppid != whole) throw std::runtime_error{"the sender has given it up"};
      if (!incoming) throw std::runtime_error{"it could not be written"};
      incoming->keep(sctp::as_text(message.payload));
      tell(fmt::format("has put {}, {} bytes", name, incoming->size()));
      link_.say(stream, kept, std::to_string(incoming->size()));
    } catch (const std::exception& failure) {
      tell(fmt::format("{}: {}", name, failure.what()));
      incoming.reset();
      if (message.ppid == piece) return;  // the rest of them is still to come
      link_.say(stream, refused, failure.what());
    }
    files_.erase(file);
  }

 private:
  void obey(std::string_view text) {
    if (text == "list") return list();
    std::uint16_t number = 0;
    const std::string_view verb = text.substr(0, 4);
    const char* const end = text.data() + text.size();
    const char* const space = std::from_chars(text.data() + verb.size(), end, number).ptr;
    const sctp::StreamId stream{number};
    if ((verb != "get " && verb != "put ") || space == end || number == 0 || number > file_streams ||
        link_.sends(stream) || files_.contains(stream)) {
      throw std::runtime_error{"does not speak this protocol"};
    }
    const std::string name{space + 1, end};
    tell(std::string{verb} + printable(sctp::as_bytes(name), 200));
    try {
      if (verb == "get ") return link_.send(stream, folder_.open(name));
      files_.try_emplace(stream, name, folder_.create(name));
      link_.say(stream, go, name);
    } catch (const std::exception& failure) {
      tell(fmt::format("is refused: {}", failure.what()));
      link_.say(stream, refused, failure.what());
    }
  }

  void list() {
    std::string text;
    std::size_t count = 0;
    folder_.list([&](const std::string& name, std::uintmax_t size) {
      text += fmt::format("{:>12} {}\n", size, name);
      ++count;
      if (text.size() > piece_size) link_.say(control, listing, std::exchange(text, {}));
    });
    if (!text.empty()) link_.say(control, listing, std::move(text));
    link_.say(control, listed, std::to_string(count));
  }

  void tell(const std::string& what) const { fmt::print("{}: {}\n", who_, what); }

  struct File {
    File(std::string file, IncomingFile writes) : name{std::move(file)}, incoming{std::move(writes)} {}
    std::string name;
    std::optional<IncomingFile> incoming;  // none: it failed, and what comes of it is dropped
  };
  Link& link_;
  const Folder& folder_;
  std::string who_;
  std::map<sctp::StreamId, File> files_;
};
