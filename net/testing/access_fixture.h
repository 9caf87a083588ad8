// net/testing/access_fixture.h: a credentials file in a folder of its own, and those who ask.
//
// Room     net/testing
// Uses     net/
// Threads  the test's
// Units    none
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/status.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_dir.h"
#include "net/access.h"

namespace slowburn::net {

// "correct horse", by crypt(3) at bcrypt's least cost.
inline constexpr std::string_view kHorseHash =
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
// "battery staple".
inline constexpr std::string_view kStapleHash =
    "$2b$04$zyxwvutsrqponmlkjihgfeEj9hZ0r426ruQozKPdS8ZvkuJvyAjnm";
// SHA-256 of "Tr0ub4dor", by sha256sum.
inline constexpr std::string_view kTroubadorSha256 =
    "a612e6c330892e3a5c989fc276e66f09de882ba728aed17afc00d2abe1d5cdc9";

inline std::string Basic(std::string_view name, std::string_view password) {
  return fmt::format("Basic {}", absl::Base64Escape(fmt::format("{}:{}", name, password)));
}

inline HttpRequest RequestBy(std::string authorization, std::string peer = "192.0.2.1:40000") {
  HttpRequest request;
  request.peer = std::move(peer);
  if (!authorization.empty()) {
    request.headers.push_back({"Authorization", std::move(authorization)});
  }
  return request;
}

// A decision that may come later. Its test fails when it comes twice.
class Awaited {
 public:
  AccessFile::Decided Decided() {
    return [promise = promise_](AccessDecision decision) {
      promise->set_value({std::move(decision), std::this_thread::get_id()});
    };
  }
  bool IsThere() const {
    return given_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  const AccessDecision& Get() const { return Given().first; }
  // Whether it was made without the thread that hashes.
  bool IsByCaller() const { return Given().second == std::this_thread::get_id(); }

 private:
  using DecisionAndThread = std::pair<AccessDecision, std::thread::id>;
  const DecisionAndThread& Given() const {
    if (given_.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      throw std::runtime_error("nothing was decided");
    }
    return given_.get();
  }

  std::shared_ptr<std::promise<DecisionAndThread>> promise_ =
      std::make_shared<std::promise<DecisionAndThread>>();
  std::shared_future<DecisionAndThread> given_ = promise_->get_future();
};

// Keeps the thread that hashes busy until it is let go.
class HeldThread {
 public:
  // The login is one that is not remembered.
  explicit HeldThread(AccessFile& access, const HttpRequest& login) {
    access.Check(login, {}, Role::kRead,
                 [begun = begun_, go = go_.get_future()](const AccessDecision&) {
                   begun->set_value();
                   go.wait();
                 });
    begun_->get_future().wait();
  }
  ~HeldThread() { LetGo(); }
  void LetGo() {
    if (!std::exchange(gone_, true)) go_.set_value();
  }

 private:
  std::shared_ptr<std::promise<void>> begun_ = std::make_shared<std::promise<void>>();
  std::promise<void> go_;
  bool gone_ = false;
};

class AccessFixture : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "access.txt"; }

  // As operators are told to: beside, then renamed over it.
  void Write(std::string_view text) {
    const std::filesystem::path beside = folder_.path() / "access.new";
    std::ofstream(beside) << text;
    std::filesystem::permissions(
        beside, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(beside, path());
  }
  // The file's faults, "" where it is taken.
  std::string Load(std::string_view text) {
    Write(text);
    access_.reset();
    auto loaded = AccessFile::Load(path(), clock_, *registry_);
    if (!loaded.ok()) return std::string(base::Message(loaded.status()));
    access_ = *std::move(loaded);
    return "";
  }
  AccessDecision Decide(const HttpRequest& request, Role needed = Role::kRead,
                        const std::vector<std::string>& certificate_names = {}) {
    Awaited decision;
    access_->Check(request, certificate_names, needed, decision.Decided());
    return decision.Get();
  }
  // Whether the login was answered without a hash.
  bool IsRemembered(const HttpRequest& request) {
    Awaited decision;
    access_->Check(request, {}, Role::kRead, decision.Decided());
    return decision.Get().status == 200 && decision.IsByCaller();
  }
  std::string Metrics() const {
    return prometheus::TextSerializer().Serialize(registry_->Collect());
  }

  base::TempDir folder_;
  base::ManualClock clock_{base::UnixNanos(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<prometheus::Registry> registry_ = std::make_unique<prometheus::Registry>();
  std::unique_ptr<AccessFile> access_;
};

}  // namespace slowburn::net
