// net/internal/secret.h: bytes that leave nothing behind in memory.
//
// Room     net/internal
// Uses     OpenSSL
// Threads  one owner
// Units    bytes
// Source   faults section 4, "Secrets"
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>

namespace slowburn::net::internal {

// Wiped before its memory is given back, and never copied: moving hands the memory over. It has no
// operator<< and no formatter, so it cannot get into a log line by mistake. A NUL follows its last
// byte.
class Secret {
 public:
  explicit Secret(size_t size)
      : bytes_(std::make_unique<char[]>(size + 1)), capacity_(size + 1), size_(size) {}
  Secret(Secret&& from) noexcept
      : bytes_(std::move(from.bytes_)),
        capacity_(std::exchange(from.capacity_, 0)),
        size_(std::exchange(from.size_, 0)) {}
  Secret& operator=(Secret&&) = delete;
  ~Secret() { OPENSSL_cleanse(bytes_.get(), capacity_); }

  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  std::string_view View() const { return {bytes_.get(), size_}; }

  // Keeps the first `size` bytes.
  void Truncate(size_t size) {
    size_ = std::min(size_, size);
    bytes_[size_] = '\0';
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t capacity_;
  size_t size_;
};

}  // namespace slowburn::net::internal
