import Testing

@testable import Commands

@Suite("Looking commands up")
struct CommandTableLookupTests {
  let table = CommandTable.builtin
  let names = CommandRow.builtin.map(\.name) + CommandOverride.newerRows.map(\.name)

  @Test("Every name is found in lower, upper and mixed case, as itself")
  func everyName() {
    for name in names {
      let mixed = String(name.enumerated().map { $0 % 2 == 0 ? Character($1.uppercased()) : $1 })
      for spelling in [name, name.uppercased(), mixed] {
        #expect(table.name(of: table.lookup(full: spelling)) == name, "\(spelling)")
      }
    }
  }

  @Test("Ids are dense and each command's own")
  func ids() {
    #expect(names.map { Int(table.lookup(full: $0).id) }.sorted() == Array(1..<table.idLimit))
    #expect(CommandSpec.unknown.isUnknown)
    #expect(!table.lookup("get").isUnknown)
    #expect(table.name(of: .unknown) == "")
    #expect(table.because(.unknown) == nil)
  }

  @Test("A name with a byte more, a byte less or one bit flipped is another name")
  func nearMisses() {
    let topLevel = Set(names.filter { !$0.contains("|") }.map { Array($0.utf8) })
    for name in topLevel {
      var neighbours = [Array(name.dropLast()), Array(name.dropFirst())]
      for extra: UInt8 in [0x00, 0x20, 0x5f, 0x73, 0x7c, 0xff] { neighbours += [name + [extra], [extra] + name] }
      for position in name.indices {
        for bit in 0..<8 {
          var flipped = name
          flipped[position] ^= 1 << bit
          neighbours.append(flipped)
        }
      }
      for neighbour in neighbours {
        let found = neighbour.withUnsafeBytes { table.lookup($0) }
        let folded = neighbour.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }
        let expected = topLevel.contains(folded) ? String(decoding: folded, as: UTF8.self) : ""
        #expect(table.name(of: found) == expected, "\(neighbour)")
      }
    }
  }

  @Test("Only A-Z fold: their neighbours in ASCII and bytes above it do not")
  func folding() {
    for byte in UInt8.min...UInt8.max {
      let expected = (0x41...0x5a).contains(byte) ? byte + 0x20 : byte
      #expect(FoldedName.fold(byte) == expected)
      for position in 0..<8 {
        // Neighbours of all ones and all zeros, so that a carry or a borrow between bytes would show.
        for background: UInt64 in [0, 0xffff_ffff_ffff_ffff, 0x5a5a_5a5a_5a5a_5a5a, 0x4141_4141_4141_4141] {
          let hole = ~(UInt64(0xff) << (8 * position))
          let word = background & hole | UInt64(byte) << (8 * position)
          let folded = withUnsafeBytes(of: word) { $0.map(FoldedName.fold) }
          #expect(withUnsafeBytes(of: FoldedName.fold(word), Array.init) == folded)
        }
      }
    }
  }

  @Test("Subcommands are found under their container only")
  func subcommands() {
    #expect(table.lookup("client|setname").isUnknown)
    #expect(table.lookup("setname").isUnknown)
    #expect(table.lookup("CONFIG", "setname") == table.lookup("config"))
    #expect(table.lookup("client", "") == table.lookup("client"))
    #expect(table.lookup("client", "|setname") == table.lookup("client"))
    #expect(table.lookup("client", "client") == table.lookup("client"))
    #expect(table.lookup("get", "setname") == table.lookup("get"))
    #expect(table.lookup("nope", "setname") == .unknown)
    #expect(table.lookup("config", "get") != table.lookup("acl", "get"))
    #expect(table.name(of: table.lookup("Memory", "DOCTOR")) == "memory|doctor")
    #expect(table.lookup("client").flags.contains(.container))
    #expect(!table.lookup("client", "id").flags.contains(.container))
  }

  @Test("The empty name and a buffer without an address are unknown")
  func empty() {
    #expect(table.lookup("") == .unknown)
    #expect(table.lookup(UnsafeRawBufferPointer(start: nil, count: 0)) == .unknown)
  }

  @Test("Names longer than two words are compared to the last byte", arguments: [16, 17, 18, 20, 24, 31, 100, 300])
  func longNames(length: Int) {
    let name = String(repeating: "abcdefghij.klmno", count: 20).prefix(length)
    let live = [LiveCommand(name: name.uppercased(), arity: 7, flags: ["readonly", "fast"])]
    let table = CommandTable.builtin.merging(live)
    #expect(table.lookup(String(name)).arity == 7)
    #expect(table.lookup(name.uppercased()).placement == .replica)
    for position in 0..<length {
      var other = Array(name.utf8)
      other[position] = UInt8(ascii: "~")
      #expect(other.withUnsafeBytes { table.lookup($0) }.isUnknown)
    }
  }

  @Test("No byte beyond the name is read", arguments: 1...24)
  func bounds(length: Int) {
    // The name ends where the allocation does; the address sanitizer watches.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "g"))
    #expect(table.lookup(UnsafeRawBufferPointer(bytes)).isUnknown)
  }
}
