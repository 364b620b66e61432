internal import LanguageModels
internal import Records

/// What a model is told when facts are to be extracted.
struct InferencePrompt {
  /// A text, and when it was said.
  struct Text {
    let content: String
    let time: Timestamp
  }

  let texts: [Text]
  /// In the order of their numbers, which begin at 1; ids are not shown.
  let memories: [Memory]

  var prompt: ModelPrompt {
    get throws {
      let data = try DataBlock([
        "texts": .array(
          texts.enumerated().map { number, text in
            [
              "number": .integer(Int64(number + 1)), "said_at": .string("\(text.time)"),
              "text": .string(text.content),
            ]
          }),
        "memories": .array(
          memories.enumerated().map { number, memory in
            [
              "number": .integer(Int64(number + 1)), "said_at": .string("\(memory.time)"),
              "text": .string(memory.content),
            ]
          }),
      ])
      return ModelPrompt(instructions: "\(Self.task)\n\n\(data.rule)", data: data)
    }
  }

  private static let task = """
    You keep the long-term memory of a user. Read the new texts and decide what of them is to be \
    remembered, beside the memories that are there already.

    Extract facts that will matter later: decisions, preferences, plans, corrections, events, people \
    and things and how they relate, causes that were found. Leave out greetings, small talk, \
    questions, secrets such as passwords and keys, and everything that the texts do not say. Each \
    fact is one short statement that can be understood on its own: names instead of pronouns, dates \
    instead of "yesterday" (said_at tells when a text was said), in the language of the text.

    Decide for each fact:
    - add: no memory says it.
    - update: it makes a memory more precise or complete; content is the whole new text of that \
    memory, with what it said before where that still holds.
    - supersede: a memory is no longer true because of it; content is what holds now.
    - none: a memory says it already.

    Answer with one JSON object and nothing else:
    {"decisions": [{"decision": "add", "content": "…", "type": "fact", "text": 1, "reason": "…"},
    {"decision": "update", "memory": 2, "content": "…", "type": "preference", "text": 1, "reason": "…"},
    {"decision": "none", "memory": 3, "text": 1, "reason": "…"}]}

    memory and text are the numbers of the memory and of the text concerned. No memory is named by \
    more than one update or supersede; add names none. type is fact or preference. reason is one short \
    sentence. When there is nothing to remember, decisions is empty.
    """
}
