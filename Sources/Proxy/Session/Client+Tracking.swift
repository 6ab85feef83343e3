import RESP
import Reactor

// CLIENT TRACKING, and where invalidations go with REDIRECT: the client names another by the ambassador's id, the server
// knows that one by its upstream only. Both have their upstreams replaced, at different times and perhaps on different
// threads; whoever is the last makes the server redirect again, and whatever was cached until then counts as changed.
extension UnsafeMutablePointer where Pointee == Client {
  func takeTracking(_ session: Session, _ request: UnsafeRawBufferPointer) -> Bool {
    let words = arguments(of: request)
    let options = words.map { String(decoding: $0, as: UTF8.self).lowercased() }
    let isOn = options.count > 2 && options[2] == "on"
    var change = SessionState.ModeChange(
      mode: .tracking, request: isOn ? Array(request) : nil, isAddition: isOn && options.contains("bcast"))
    guard let index = options.firstIndex(of: "redirect"), index + 1 < words.count, let id = Int(options[index + 1]),
      id > 0
    else { return send(request, .mode(change), session) }
    guard let listener = inquire(.upstream(of: id)) else { return false }
    change.redirection = id
    // By another upstream it would be another request, so it is not kept.
    return redirected(words, to: listener, from: session.lane).withUnsafeBytes {
      send($0, .mode(change), session, isKept: false)
    }
  }

  /// The request with the id of the listener's upstream, or one that nobody has when there is none where the tracker's is.
  private func redirected(_ words: [[UInt8]], to listener: ClientFindings, from lane: LaneRef?) -> [UInt8] {
    let worker = pointee.worker
    let node = lane?.pointee.node ?? worker.pointee.primary.map { worker.pointee.nodes[$0] }
    let isThere = listener.upstream > 0 && listener.node == node?.pointee.name
    var words = words
    let index = words.firstIndex { String(decoding: $0, as: UTF8.self).lowercased() == "redirect" }
    if let index, index + 1 < words.count {
      words[index + 1] = Array(String(isThere ? listener.upstream : Int.max).utf8)
    }
    var bytes: [UInt8] = []
    RequestWriter.append(words, to: &bytes)
    return bytes
  }

  /// One of the two upstreams is another: asks for the listener's, as soon as a request of ours may be sent.
  func redirectAgain(_ session: Session) {
    session.mustRedirect = session.lane != nil && !session.state.takesOurs
    guard let id = session.state.redirection, session.lane != nil, session.state.takesOurs else { return }
    let worker = pointee.worker
    var inquiry = ClientInquiry(subject: .upstream(of: id), asker: pointee.id, worker: worker.pointee.index)
    inquiry.isOurs = true
    guard worker.pointee.settings.threads > 1 else { return redirect(worker.look(into: inquiry)) }
    worker.pointee.report(.clientsAsked(inquiry))
  }

  /// Switches tracking off and on again, with all its prefixes. When the listener has no upstream here yet, that is done
  /// as soon as it has one.
  func redirect(_ listener: ClientFindings) {
    guard let session = pointee.session, let lane = session.lane, session.state.redirection != nil,
      listener.upstream > 0, listener.node == lane.pointee.node.pointee.name
    else { return }
    guard session.state.takesOurs else {
      session.mustRedirect = true
      return
    }
    sendOurs(["CLIENT", "TRACKING", "OFF"], .repeated, session)
    let requests = session.state.modes.filter { $0.mode == .tracking }.compactMap(\.request)
    for (index, request) in requests.enumerated() {
      let again = request.withUnsafeBytes { redirected(arguments(of: $0), to: listener, from: lane) }
      sendOurs(again, index == requests.count - 1 ? .redirected : .repeated, session)
    }
  }

  /// What this client has cached may have changed: whoever hears of invalidations is told so.
  func invalidateEverything(_ session: Session) {
    if let listener = session.state.redirection {
      pointee.worker.announce(.cacheIsStale(listener: listener))
    } else if session.state.isRESP3 {
      say(SessionWords.everythingInvalid)
    }
  }

  /// The same, told to the client that others have named for it, in the words that it understands.
  fileprivate func hearEverythingInvalid() {
    if pointee.set.pointee.protocolVersion == 3 {
      say(SessionWords.everythingInvalid)
    } else if pointee.session?.state.subscriptions.isEmpty == false {
      say(SessionWords.everythingInvalidMessage)
    }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// A client that others redirect to has another upstream.
  func redirectAgain(to listener: UInt64) {
    for client in clients {
      guard let session = client.pointee.session, session.state.redirection.map(UInt64.init) == listener else {
        continue
      }
      client.redirectAgain(session)
    }
  }

  func tellListener(_ id: Int) {
    if let listener = UInt64(exactly: id).flatMap({ client($0) }) { listener.hearEverythingInvalid() }
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// The server has said by which id it knows this upstream.
  func learn(_ id: Int, _ session: Session) {
    pointee.upstreamID = id
    let client = session.client
    if client.pointee.isRedirectedTo { pointee.worker.announce(.listenerMoved(client.pointee.id)) }
  }
}
