internal import VectorKernels

/// One forward pass of a BERT encoder over several sequences at once.
///
/// The tokens of all sequences are packed into one `tokens × hidden` matrix, without padding: the
/// linear layers, which are nearly all of the work, do not care where a sequence ends, and
/// attention runs within each sequence alone. So no result depends on its neighbours.
struct EncoderPass {
  private let configuration: EncoderConfiguration
  private let weights: EncoderWeights
  /// Where each sequence lies among the tokens.
  private let sequences: [Range<Int>]
  private let tokenCount: Int
  private var hidden: [Float]
  private var query: [Float]
  private var key: [Float]
  private var value: [Float]
  private var context: [Float]
  private var inner: [Float]
  /// One head's scores in the longest sequence.
  private var scores: [Float]

  /// Makes room for sequences of these lengths: for each token five hidden states and one inner
  /// state (14 KB in MiniLM), and the square of the longest sequence.
  init(
    _ configuration: EncoderConfiguration, _ weights: EncoderWeights, lengths: [Int]
  ) {
    self.configuration = configuration
    self.weights = weights
    var sequences: [Range<Int>] = []
    for length in lengths {
      let start = sequences.last?.upperBound ?? 0
      sequences.append(start..<start + length)
    }
    self.sequences = sequences
    tokenCount = sequences.last?.upperBound ?? 0
    let matrix = [Float](repeating: 0, count: tokenCount * configuration.hiddenSize)
    hidden = matrix
    query = matrix
    key = matrix
    value = matrix
    context = matrix
    inner = [Float](repeating: 0, count: tokenCount * configuration.intermediateSize)
    let longest = lengths.max() ?? 0
    scores = [Float](repeating: 0, count: longest * longest)
  }

  /// Runs the encoder and returns the mean of each sequence's last hidden states.
  ///
  /// - Parameter tokens: the identifiers of all sequences, one after another; each below the size
  ///   of the vocabulary.
  mutating func meanStates(of tokens: [Int32]) -> [[Float]] {
    precondition(tokens.count == tokenCount, "as many tokens as there is room for")
    guard tokenCount > 0 else { return [] }
    let weights = weights
    weights.withFloats { parameters in
      lookUp(tokens, parameters)
      for layer in weights.layers {
        attend(layer, parameters)
        transform(layer, parameters)
      }
    }
    return sequences.map(mean)
  }

  /// Writes the sum of word and position embeddings, normalised, to `hidden`.
  private mutating func lookUp(_ tokens: [Int32], _ parameters: Span<Float>) {
    let size = configuration.hiddenSize
    for sequence in sequences {
      for (position, row) in sequence.enumerated() {
        let word = weights.words.lowerBound + Int(tokens[row]) * size
        let place = weights.positions.lowerBound + position * size
        for column in 0..<size {
          hidden[row * size + column] = parameters[word + column] + parameters[place + column]
        }
      }
    }
    normalise(weights.embeddingNorm, adding: weights.tokenType, parameters)
  }

  /// Adds what each token takes from the tokens of its sequence.
  private mutating func attend(_ layer: EncoderWeights.Layer, _ parameters: Span<Float>) {
    Self.product(hidden, layer.query, parameters, into: &query)
    Self.add(layer.query.bias, of: parameters, to: &query)
    Self.product(hidden, layer.key, parameters, into: &key)
    Self.add(layer.key.bias, of: parameters, to: &key)
    Self.product(hidden, layer.value, parameters, into: &value)
    Self.add(layer.value.bias, of: parameters, to: &value)
    let size = configuration.hiddenSize
    let headSize = configuration.headSize
    for sequence in sequences {
      for head in 0..<configuration.headCount {
        // The head's columns, from its first element in the sequence to its last.
        let start = sequence.lowerBound * size + head * headSize
        let block = start..<start + (sequence.count - 1) * size + headSize
        Self.attend(
          query, key, value, block, headSize: headSize, stride: size,
          scores: &scores, into: &context)
      }
    }
    Self.product(context, layer.attentionOutput, parameters, into: &hidden, adding: true)
    normalise(layer.attentionNorm, adding: layer.attentionOutput.bias, parameters)
  }

  /// The attention of one head in one sequence: the softmax of queries times keys, times values.
  ///
  /// - Parameter block: from the head's first element in the sequence to its last, in all matrices.
  private static func attend(
    _ query: [Float], _ key: [Float], _ value: [Float], _ block: Range<Int>, headSize: Int,
    stride: Int, scores: inout [Float], into context: inout [Float]
  ) {
    let length = (block.count - headSize) / stride + 1
    // The underscored name is the one that Swift 6.3 asks for until its final name is decided.
    var allScores = scores.mutableSpan
    var scores = allScores._mutatingExtracting(first: length * length)
    MatrixProduct.multiply(
      query.span.extracting(block), transposing: key.span.extracting(block), into: &scores,
      m: length, n: length, k: headSize, aStride: stride, bStride: stride)
    Activations().softmax(&scores, dimension: length, scale: 1 / Float(headSize).squareRoot())
    var allContexts = context.mutableSpan
    var context = allContexts._mutatingExtracting(block)
    MatrixProduct.multiply(
      scores.span, by: value.span.extracting(block), into: &context,
      m: length, n: headSize, k: length, bStride: stride, cStride: stride)
  }

  /// Adds what the two-layer network makes of each token.
  private mutating func transform(_ layer: EncoderWeights.Layer, _ parameters: Span<Float>) {
    Self.product(hidden, layer.intermediate, parameters, into: &inner)
    var states = inner.mutableSpan
    Activations().gelu(&states, adding: parameters.extracting(layer.intermediate.bias))
    Self.product(inner, layer.output, parameters, into: &hidden, adding: true)
    normalise(layer.outputNorm, adding: layer.output.bias, parameters)
  }

  private mutating func normalise(
    _ norm: EncoderWeights.Norm, adding bias: Range<Int>, _ parameters: Span<Float>
  ) {
    let epsilon = configuration.normEpsilon
    var states = hidden.mutableSpan
    Activations().layerNorm(
      &states, adding: parameters.extracting(bias), gain: parameters.extracting(norm.gain),
      shift: parameters.extracting(norm.shift), epsilon: epsilon)
  }

  /// `target = input · weightᵀ`, or that added to the target. The bias is left to what follows.
  private static func product(
    _ input: [Float], _ linear: EncoderWeights.Linear, _ parameters: Span<Float>,
    into target: inout [Float], adding: Bool = false
  ) {
    let outputs = linear.bias.count
    let inputs = linear.weight.count / outputs
    var result = target.mutableSpan
    MatrixProduct.multiply(
      input.span, transposing: parameters.extracting(linear.weight), into: &result,
      m: input.count / inputs, n: outputs, k: inputs, beta: adding ? 1 : 0)
  }

  private static func add(
    _ bias: Range<Int>, of parameters: Span<Float>, to rows: inout [Float]
  ) {
    var target = rows.mutableSpan
    Activations().addBias(parameters.extracting(bias), to: &target)
  }

  private func mean(of sequence: Range<Int>) -> [Float] {
    let size = configuration.hiddenSize
    var sums = [Float](repeating: 0, count: size)
    for row in sequence {
      for column in 0..<size { sums[column] += hidden[row * size + column] }
    }
    return sums.map { $0 / Float(sequence.count) }
  }
}
