// app/table.h: rows of text in aligned columns, for people at a terminal.
//
// Room     app
// Uses     standard library
// Threads  a value
// Units    columns are UTF-8 characters
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slowburn::app {

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  // A row shorter than the header is filled with empty cells. Control characters become '?': a name
  // from a client cannot move the cursor.
  void Add(std::vector<std::string> row);
  // Two spaces between columns, no spaces at line ends.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace slowburn::app
