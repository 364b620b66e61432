/// What every client's model is told about using the server.
package enum Instructions {
  package static let text = """
    Recollect is long-term memory. Before answering anything that may rest on earlier work, \
    conversations, preferences or decisions, call search_memories. After a decision, a correction, \
    a stated preference, a root cause that was found or a command that worked, call add_memory \
    with one self-contained sentence that names the people and things it is about. Never store \
    passwords, keys or other secrets. When a fact has changed, update_memory rather than adding a \
    contradiction. Sessions are optional: with a session_id a search stays inside that \
    conversation, without one it covers everything of the user.
    """
}
