// Models of the HTTP contract, printed by `npm run models`; do not change them here. They are not compiled here.
// This file was generated from JSON Schema using quicktype, do not modify it directly.
// To parse the JSON, add this file to your project and do:
//
//   let attemptEvent = try? JSONDecoder().decode(AttemptEvent.self, from: jsonData)
//   let cancelledEvent = try? JSONDecoder().decode(CancelledEvent.self, from: jsonData)
//   let childEvent = try? JSONDecoder().decode(ChildEvent.self, from: jsonData)
//   let completedEvent = try? JSONDecoder().decode(CompletedEvent.self, from: jsonData)
//   let failedEvent = try? JSONDecoder().decode(FailedEvent.self, from: jsonData)
//   let fieldError = try? JSONDecoder().decode(FieldError.self, from: jsonData)
//   let generateAudioInput = try? JSONDecoder().decode(GenerateAudioInput.self, from: jsonData)
//   let generateAudioResult = try? JSONDecoder().decode(GenerateAudioResult.self, from: jsonData)
//   let generateFlashcardsInput = try? JSONDecoder().decode(GenerateFlashcardsInput.self, from: jsonData)
//   let generateFlashcardsResult = try? JSONDecoder().decode(GenerateFlashcardsResult.self, from: jsonData)
//   let generateLessonInput = try? JSONDecoder().decode(GenerateLessonInput.self, from: jsonData)
//   let generateLessonResult = try? JSONDecoder().decode(GenerateLessonResult.self, from: jsonData)
//   let generateResponseInput = try? JSONDecoder().decode(GenerateResponseInput.self, from: jsonData)
//   let generateResponseResult = try? JSONDecoder().decode(GenerateResponseResult.self, from: jsonData)
//   let itemEvent = try? JSONDecoder().decode(ItemEvent.self, from: jsonData)
//   let job = try? JSONDecoder().decode(Job.self, from: jsonData)
//   let jobEvent = try? JSONDecoder().decode(JobEvent.self, from: jsonData)
//   let liveEvent = try? JSONDecoder().decode(LiveEvent.self, from: jsonData)
//   let pausedBy = try? JSONDecoder().decode(PausedBy.self, from: jsonData)
//   let problem = try? JSONDecoder().decode(Problem.self, from: jsonData)
//   let processImageInput = try? JSONDecoder().decode(ProcessImageInput.self, from: jsonData)
//   let processImageResult = try? JSONDecoder().decode(ProcessImageResult.self, from: jsonData)
//   let progress = try? JSONDecoder().decode(Progress.self, from: jsonData)
//   let progressEvent = try? JSONDecoder().decode(ProgressEvent.self, from: jsonData)
//   let pronunciationAssessInput = try? JSONDecoder().decode(PronunciationAssessInput.self, from: jsonData)
//   let pronunciationAssessResult = try? JSONDecoder().decode(PronunciationAssessResult.self, from: jsonData)
//   let resetEvent = try? JSONDecoder().decode(ResetEvent.self, from: jsonData)
//   let statusEvent = try? JSONDecoder().decode(StatusEvent.self, from: jsonData)
//   let usage = try? JSONDecoder().decode(Usage.self, from: jsonData)

import Foundation

/// The job starts again. Items are kept, and their numbers go on.
// MARK: - AttemptEvent
public struct AttemptEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int
    /// Why the attempt before ended.
    public let code: String
    /// How many finished items are kept.
    public let itemsKept: Int
    /// The job.
    public let jobID: String
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: AttemptEventType

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case code = "code"
        case itemsKept = "itemsKept"
        case jobID = "jobId"
        case seq = "seq"
        case type = "type"
    }

    public init(attempt: Int, code: String, itemsKept: Int, jobID: String, seq: Int, type: AttemptEventType) {
        self.attempt = attempt
        self.code = code
        self.itemsKept = itemsKept
        self.jobID = jobID
        self.seq = seq
        self.type = type
    }
}

public enum AttemptEventType: String, Codable {
    case attempt = "attempt"
}

/// The end: the job was cancelled. What it has used is known a little later, and in its
/// status.
// MARK: - CancelledEvent
public struct CancelledEvent: Codable {
    /// The job.
    public let jobID: String
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: CancelledEventType

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case seq = "seq"
        case type = "type"
    }

    public init(jobID: String, seq: Int, type: CancelledEventType) {
        self.jobID = jobID
        self.seq = seq
        self.type = type
    }
}

public enum CancelledEventType: String, Codable {
    case cancelled = "cancelled"
}

/// The job has led to another one.
// MARK: - ChildEvent
public struct ChildEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int
    public let child: ChildEventChild
    /// The job.
    public let jobID: String
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: ChildEventType

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case child = "child"
        case jobID = "jobId"
        case seq = "seq"
        case type = "type"
    }

    public init(attempt: Int, child: ChildEventChild, jobID: String, seq: Int, type: ChildEventType) {
        self.attempt = attempt
        self.child = child
        self.jobID = jobID
        self.seq = seq
        self.type = type
    }
}

// MARK: - ChildEventChild
public struct ChildEventChild: Codable {
    /// The other job.
    public let jobID: String
    /// Where it is as JSON.
    public let statusURL: String
    /// Where its events are.
    public let streamURL: String

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case statusURL = "statusUrl"
        case streamURL = "streamUrl"
    }

    public init(jobID: String, statusURL: String, streamURL: String) {
        self.jobID = jobID
        self.statusURL = statusURL
        self.streamURL = streamURL
    }
}

public enum ChildEventType: String, Codable {
    case child = "child"
}

/// The end: the job has its result. It counts more than the items before it.
// MARK: - CompletedEvent
public struct CompletedEvent: Codable {
    /// The job.
    public let jobID: String
    public let result: [String: JSONAny]
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: CompletedEventType
    public let usage: Usage?

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case result = "result"
        case seq = "seq"
        case type = "type"
        case usage = "usage"
    }

    public init(jobID: String, result: [String: JSONAny], seq: Int, type: CompletedEventType, usage: Usage?) {
        self.jobID = jobID
        self.result = result
        self.seq = seq
        self.type = type
        self.usage = usage
    }
}

public enum CompletedEventType: String, Codable {
    case completed = "completed"
}

/// What a job has used. What a provider does not bill is 0 or absent.
// MARK: - Usage
public struct Usage: Codable {
    /// Characters that were spoken.
    public let characters: Int?
    /// What it costs, in US dollars, where the price is known.
    public let costUsd: Double?
    /// How many items of models' answers were not usable. Absent if none.
    public let dropped: Int?
    /// Whether some of it is an estimate.
    public let estimated: Bool?
    /// Images that were read.
    public let images: Int?
    /// Tokens that went to a model.
    public let inputTokens: Int
    /// Tokens that a model wrote.
    public let outputTokens: Int
    /// Seconds of sound.
    public let seconds: Double?

    public enum CodingKeys: String, CodingKey {
        case characters = "characters"
        case costUsd = "costUsd"
        case dropped = "dropped"
        case estimated = "estimated"
        case images = "images"
        case inputTokens = "inputTokens"
        case outputTokens = "outputTokens"
        case seconds = "seconds"
    }

    public init(characters: Int?, costUsd: Double?, dropped: Int?, estimated: Bool?, images: Int?, inputTokens: Int, outputTokens: Int, seconds: Double?) {
        self.characters = characters
        self.costUsd = costUsd
        self.dropped = dropped
        self.estimated = estimated
        self.images = images
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.seconds = seconds
    }
}

/// The end: the job has failed.
// MARK: - FailedEvent
public struct FailedEvent: Codable {
    public let error: Problem
    /// The job.
    public let jobID: String
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: FailedEventType
    public let usage: Usage?

    public enum CodingKeys: String, CodingKey {
        case error = "error"
        case jobID = "jobId"
        case seq = "seq"
        case type = "type"
        case usage = "usage"
    }

    public init(error: Problem, jobID: String, seq: Int, type: FailedEventType, usage: Usage?) {
        self.error = error
        self.jobID = jobID
        self.seq = seq
        self.type = type
        self.usage = usage
    }
}

/// An error (RFC 9457). Programs use `code`; people read `detail`.
///
/// Why it failed.
// MARK: - Problem
public struct Problem: Codable {
    /// The reason for programs. Codes may be added.
    public let code: String
    /// This problem in words, with the way out.
    public let detail: String
    /// The fields at fault.
    public let errors: [FieldError]?
    /// The job it is about.
    public let jobID: String?
    /// The id under which the logs have the request.
    public let requestID: String?
    /// Whether the same request may succeed later without a change.
    public let retryable: Bool
    /// The status of the answer. It is absent in the `error` of a job.
    public let status: Int?
    /// The problem in short; the same for every problem with this code.
    public let title: String
    /// Identifies the problem. At this address it says what the code means and what to do.
    public let type: String

    public enum CodingKeys: String, CodingKey {
        case code = "code"
        case detail = "detail"
        case errors = "errors"
        case jobID = "jobId"
        case requestID = "requestId"
        case retryable = "retryable"
        case status = "status"
        case title = "title"
        case type = "type"
    }

    public init(code: String, detail: String, errors: [FieldError]?, jobID: String?, requestID: String?, retryable: Bool, status: Int?, title: String, type: String) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.jobID = jobID
        self.requestID = requestID
        self.retryable = retryable
        self.status = status
        self.title = title
        self.type = type
    }
}

// MARK: - FieldError
public struct FieldError: Codable {
    /// What is expected there.
    public let detail: String
    /// The field, as a JSON Pointer in a URI fragment (RFC 6901): `#/count`.
    public let pointer: String

    public enum CodingKeys: String, CodingKey {
        case detail = "detail"
        case pointer = "pointer"
    }

    public init(detail: String, pointer: String) {
        self.detail = detail
        self.pointer = pointer
    }
}

public enum FailedEventType: String, Codable {
    case failed = "failed"
}

// MARK: - GenerateAudioInput
public struct GenerateAudioInput: Codable {
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    /// The format of the file. A long text is too large as `wav`.
    public let format: Format?
    /// The language of the text (BCP 47).
    public let language: String?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    /// How fast it is spoken: 1 is the voice's own speed.
    public let speed: Double?
    /// What is spoken.
    public let text: String
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?
    /// A voice of the provider; without it, the provider's usual one for the language.
    public let voice: String?

    public enum CodingKeys: String, CodingKey {
        case callbackURL = "callbackUrl"
        case format = "format"
        case language = "language"
        case pushToken = "pushToken"
        case speed = "speed"
        case text = "text"
        case userID = "userId"
        case voice = "voice"
    }

    public init(callbackURL: String?, format: Format?, language: String?, pushToken: String?, speed: Double?, text: String, userID: String?, voice: String?) {
        self.callbackURL = callbackURL
        self.format = format
        self.language = language
        self.pushToken = pushToken
        self.speed = speed
        self.text = text
        self.userID = userID
        self.voice = voice
    }
}

/// The format of the file. A long text is too large as `wav`.
public enum Format: String, Codable {
    case mp3 = "mp3"
    case wav = "wav"
}

// MARK: - GenerateAudioResult
public struct GenerateAudioResult: Codable {
    public let audio: Audio
    public let parts: [Part]

    public enum CodingKeys: String, CodingKey {
        case audio = "audio"
        case parts = "parts"
    }

    public init(audio: Audio, parts: [Part]) {
        self.audio = audio
        self.parts = parts
    }
}

// MARK: - Audio
public struct Audio: Codable {
    public let bytes: Int
    public let durationMS: Int
    public let outputURL: String
    public let type: String

    public enum CodingKeys: String, CodingKey {
        case bytes = "bytes"
        case durationMS = "durationMs"
        case outputURL = "outputUrl"
        case type = "type"
    }

    public init(bytes: Int, durationMS: Int, outputURL: String, type: String) {
        self.bytes = bytes
        self.durationMS = durationMS
        self.outputURL = outputURL
        self.type = type
    }
}

// MARK: - Part
public struct Part: Codable {
    public let bytes: Int
    public let durationMS: Int
    public let outputURL: String
    public let text: String

    public enum CodingKeys: String, CodingKey {
        case bytes = "bytes"
        case durationMS = "durationMs"
        case outputURL = "outputUrl"
        case text = "text"
    }

    public init(bytes: Int, durationMS: Int, outputURL: String, text: String) {
        self.bytes = bytes
        self.durationMS = durationMS
        self.outputURL = outputURL
        self.text = text
    }
}

// MARK: - GenerateFlashcardsInput
public struct GenerateFlashcardsInput: Codable {
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    /// The notes. They must have a word or a number in them.
    public let content: String
    /// How many cards at most; short notes give fewer.
    public let count: Int?
    /// How difficult the cards should be, in any words.
    public let difficulty: String?
    /// The language of the cards (BCP 47); without it, that of the notes.
    public let language: String?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    /// The school subject.
    public let subject: String?
    /// The topic within the subject.
    public let topic: String?
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?

    public enum CodingKeys: String, CodingKey {
        case callbackURL = "callbackUrl"
        case content = "content"
        case count = "count"
        case difficulty = "difficulty"
        case language = "language"
        case pushToken = "pushToken"
        case subject = "subject"
        case topic = "topic"
        case userID = "userId"
    }

    public init(callbackURL: String?, content: String, count: Int?, difficulty: String?, language: String?, pushToken: String?, subject: String?, topic: String?, userID: String?) {
        self.callbackURL = callbackURL
        self.content = content
        self.count = count
        self.difficulty = difficulty
        self.language = language
        self.pushToken = pushToken
        self.subject = subject
        self.topic = topic
        self.userID = userID
    }
}

// MARK: - GenerateFlashcardsResult
public struct GenerateFlashcardsResult: Codable {
    public let flashcards: [Flashcard]

    public enum CodingKeys: String, CodingKey {
        case flashcards = "flashcards"
    }

    public init(flashcards: [Flashcard]) {
        self.flashcards = flashcards
    }
}

// MARK: - Flashcard
public struct Flashcard: Codable {
    public let back: String
    public let front: String

    public enum CodingKeys: String, CodingKey {
        case back = "back"
        case front = "front"
    }

    public init(back: String, front: String) {
        self.back = back
        self.front = front
    }
}

// MARK: - GenerateLessonInput
public struct GenerateLessonInput: Codable {
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    /// The notes. They or the topic must be there.
    public let content: String?
    /// The language of the lesson (BCP 47); without it, that of the notes or the topic.
    public let language: String?
    /// A level of the CEFR, such as "B1", or any other words for it.
    public let level: String?
    /// The language of the learner (BCP 47): meanings and explanations are in it.
    public let nativeLanguage: String?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    /// How many sections at most; short notes give fewer.
    public let sections: Int?
    /// The school subject.
    public let subject: String?
    /// The topic. It or the notes must be there.
    public let topic: String?
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?

    public enum CodingKeys: String, CodingKey {
        case callbackURL = "callbackUrl"
        case content = "content"
        case language = "language"
        case level = "level"
        case nativeLanguage = "nativeLanguage"
        case pushToken = "pushToken"
        case sections = "sections"
        case subject = "subject"
        case topic = "topic"
        case userID = "userId"
    }

    public init(callbackURL: String?, content: String?, language: String?, level: String?, nativeLanguage: String?, pushToken: String?, sections: Int?, subject: String?, topic: String?, userID: String?) {
        self.callbackURL = callbackURL
        self.content = content
        self.language = language
        self.level = level
        self.nativeLanguage = nativeLanguage
        self.pushToken = pushToken
        self.sections = sections
        self.subject = subject
        self.topic = topic
        self.userID = userID
    }
}

// MARK: - GenerateLessonResult
public struct GenerateLessonResult: Codable {
    public let lesson: Lesson

    public enum CodingKeys: String, CodingKey {
        case lesson = "lesson"
    }

    public init(lesson: Lesson) {
        self.lesson = lesson
    }
}

// MARK: - Lesson
public struct Lesson: Codable {
    public let exercises: [Exercise]
    /// The language that the lesson is written in, where its author says so.
    public let language: String?
    public let objectives: [String]
    public let sections: [Section]
    public let title: String
    public let vocabulary: [Vocabulary]

    public enum CodingKeys: String, CodingKey {
        case exercises = "exercises"
        case language = "language"
        case objectives = "objectives"
        case sections = "sections"
        case title = "title"
        case vocabulary = "vocabulary"
    }

    public init(exercises: [Exercise], language: String?, objectives: [String], sections: [Section], title: String, vocabulary: [Vocabulary]) {
        self.exercises = exercises
        self.language = language
        self.objectives = objectives
        self.sections = sections
        self.title = title
        self.vocabulary = vocabulary
    }
}

// MARK: - Exercise
public struct Exercise: Codable {
    public let answer: String
    public let choices: [String]?
    public let explanation: String?
    public let question: String

    public enum CodingKeys: String, CodingKey {
        case answer = "answer"
        case choices = "choices"
        case explanation = "explanation"
        case question = "question"
    }

    public init(answer: String, choices: [String]?, explanation: String?, question: String) {
        self.answer = answer
        self.choices = choices
        self.explanation = explanation
        self.question = question
    }
}

// MARK: - Section
public struct Section: Codable {
    public let body: String
    public let examples: [String]?
    public let heading: String

    public enum CodingKeys: String, CodingKey {
        case body = "body"
        case examples = "examples"
        case heading = "heading"
    }

    public init(body: String, examples: [String]?, heading: String) {
        self.body = body
        self.examples = examples
        self.heading = heading
    }
}

// MARK: - Vocabulary
public struct Vocabulary: Codable {
    public let example: String?
    public let meaning: String
    public let term: String

    public enum CodingKeys: String, CodingKey {
        case example = "example"
        case meaning = "meaning"
        case term = "term"
    }

    public init(example: String?, meaning: String, term: String) {
        self.example = example
        self.meaning = meaning
        self.term = term
    }
}

// MARK: - GenerateResponseInput
public struct GenerateResponseInput: Codable {
    /// Shown again, and changes nothing: each response is a job.
    public let background: Bool?
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    public let include: [Include]?
    /// The prompt: a text, or messages and what tools have answered.
    public let input: InputUnion
    /// What the model is told before the input.
    public let instructions: String?
    /// The most tokens of the answer, reasoning included.
    public let maxOutputTokens: Int?
    public let maxToolCalls: Int?
    /// Shown again.
    public let metadata: [String: String]?
    /// One of the models that are set; without it, the first.
    public let model: String?
    public let parallelToolCalls: Bool?
    public let promptCacheKey: String?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    public let reasoning: [String: JSONAny]?
    public let safetyIdentifier: String?
    public let serviceTier: ServiceTier?
    /// `false`: the provider keeps nothing, so that an answer which is cut off can not go on.
    public let store: Bool?
    public let temperature: Double?
    /// The format of the text, such as a JSON schema.
    public let text: [String: JSONAny]?
    public let toolChoice: ToolChoiceUnion?
    /// Functions that the model may call. The client runs them.
    public let tools: [Tool]?
    public let topLogprobs: Int?
    public let topP: Double?
    public let truncation: Truncation?
    public let user: String?
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?

    public enum CodingKeys: String, CodingKey {
        case background = "background"
        case callbackURL = "callbackUrl"
        case include = "include"
        case input = "input"
        case instructions = "instructions"
        case maxOutputTokens = "max_output_tokens"
        case maxToolCalls = "max_tool_calls"
        case metadata = "metadata"
        case model = "model"
        case parallelToolCalls = "parallel_tool_calls"
        case promptCacheKey = "prompt_cache_key"
        case pushToken = "pushToken"
        case reasoning = "reasoning"
        case safetyIdentifier = "safety_identifier"
        case serviceTier = "service_tier"
        case store = "store"
        case temperature = "temperature"
        case text = "text"
        case toolChoice = "tool_choice"
        case tools = "tools"
        case topLogprobs = "top_logprobs"
        case topP = "top_p"
        case truncation = "truncation"
        case user = "user"
        case userID = "userId"
    }

    public init(background: Bool?, callbackURL: String?, include: [Include]?, input: InputUnion, instructions: String?, maxOutputTokens: Int?, maxToolCalls: Int?, metadata: [String: String]?, model: String?, parallelToolCalls: Bool?, promptCacheKey: String?, pushToken: String?, reasoning: [String: JSONAny]?, safetyIdentifier: String?, serviceTier: ServiceTier?, store: Bool?, temperature: Double?, text: [String: JSONAny]?, toolChoice: ToolChoiceUnion?, tools: [Tool]?, topLogprobs: Int?, topP: Double?, truncation: Truncation?, user: String?, userID: String?) {
        self.background = background
        self.callbackURL = callbackURL
        self.include = include
        self.input = input
        self.instructions = instructions
        self.maxOutputTokens = maxOutputTokens
        self.maxToolCalls = maxToolCalls
        self.metadata = metadata
        self.model = model
        self.parallelToolCalls = parallelToolCalls
        self.promptCacheKey = promptCacheKey
        self.pushToken = pushToken
        self.reasoning = reasoning
        self.safetyIdentifier = safetyIdentifier
        self.serviceTier = serviceTier
        self.store = store
        self.temperature = temperature
        self.text = text
        self.toolChoice = toolChoice
        self.tools = tools
        self.topLogprobs = topLogprobs
        self.topP = topP
        self.truncation = truncation
        self.user = user
        self.userID = userID
    }
}

public enum Include: String, Codable {
    case messageOutputTextLogprobs = "message.output_text.logprobs"
    case reasoningEncryptedContent = "reasoning.encrypted_content"
}

/// The prompt: a text, or messages and what tools have answered.
public enum InputUnion: Codable {
    case inputElementArray([InputElement])
    case string(String)

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let x = try? container.decode([InputElement].self) {
            self = .inputElementArray(x)
            return
        }
        if let x = try? container.decode(String.self) {
            self = .string(x)
            return
        }
        throw DecodingError.typeMismatch(InputUnion.self, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "Wrong type for InputUnion"))
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .inputElementArray(let x):
            try container.encode(x)
        case .string(let x):
            try container.encode(x)
        }
    }
}

// MARK: - InputElement
public struct InputElement: Codable {
    public let arguments: String?
    public let callID: String?
    public let name: String?
    public let role: String?
    public let type: String?

    public enum CodingKeys: String, CodingKey {
        case arguments = "arguments"
        case callID = "call_id"
        case name = "name"
        case role = "role"
        case type = "type"
    }

    public init(arguments: String?, callID: String?, name: String?, role: String?, type: String?) {
        self.arguments = arguments
        self.callID = callID
        self.name = name
        self.role = role
        self.type = type
    }
}

public enum ServiceTier: String, Codable {
    case auto = "auto"
    case flex = "flex"
    case serviceTierDefault = "default"
}

public enum ToolChoiceUnion: Codable {
    case enumeration(ToolChoiceEnum)
    case toolChoiceClass(ToolChoiceClass)

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let x = try? container.decode(ToolChoiceEnum.self) {
            self = .enumeration(x)
            return
        }
        if let x = try? container.decode(ToolChoiceClass.self) {
            self = .toolChoiceClass(x)
            return
        }
        throw DecodingError.typeMismatch(ToolChoiceUnion.self, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "Wrong type for ToolChoiceUnion"))
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .enumeration(let x):
            try container.encode(x)
        case .toolChoiceClass(let x):
            try container.encode(x)
        }
    }
}

// MARK: - ToolChoiceClass
public struct ToolChoiceClass: Codable {
    public let name: String?
    public let type: String

    public enum CodingKeys: String, CodingKey {
        case name = "name"
        case type = "type"
    }

    public init(name: String?, type: String) {
        self.name = name
        self.type = type
    }
}

public enum ToolChoiceEnum: String, Codable {
    case auto = "auto"
    case none = "none"
    case toolChoiceRequired = "required"
}

// MARK: - Tool
public struct Tool: Codable {
    public let name: String
    public let type: ToolType

    public enum CodingKeys: String, CodingKey {
        case name = "name"
        case type = "type"
    }

    public init(name: String, type: ToolType) {
        self.name = name
        self.type = type
    }
}

public enum ToolType: String, Codable {
    case function = "function"
}

public enum Truncation: String, Codable {
    case auto = "auto"
    case disabled = "disabled"
}

// MARK: - GenerateResponseResult
public struct GenerateResponseResult: Codable {
    /// The steps by which the answer came.
    public let deltas: [Delta]
    /// Why it is incomplete: `max_output_tokens` or `content_filter`.
    public let reason: String?
    public let status: GenerateResponseResultStatus
    /// All of the text.
    public let text: String
    /// What the provider billed, in its own words.
    public let usage: UsageClass?

    public enum CodingKeys: String, CodingKey {
        case deltas = "deltas"
        case reason = "reason"
        case status = "status"
        case text = "text"
        case usage = "usage"
    }

    public init(deltas: [Delta], reason: String?, status: GenerateResponseResultStatus, text: String, usage: UsageClass?) {
        self.deltas = deltas
        self.reason = reason
        self.status = status
        self.text = text
        self.usage = usage
    }
}

// MARK: - Delta
public struct Delta: Codable {
    /// A new output item begins.
    public let added: [String: JSONAny]?
    /// The next piece of the arguments of a function call.
    public let arguments: String?
    /// What has ended.
    public let done: Done?
    /// With `done`: the item as it is in the end, where it differs from its steps.
    public let item: [String: JSONAny]?
    /// A new part of the item begins; with `done`, the part as it is in the end.
    public let part: [String: JSONAny]?
    /// The next piece of its reasoning.
    public let reasoning: String?
    /// The next piece of the words with which the model declines.
    public let refusal: String?
    /// The next piece of the summary of its reasoning.
    public let summary: String?
    /// The next piece of the text.
    public let text: String?

    public enum CodingKeys: String, CodingKey {
        case added = "added"
        case arguments = "arguments"
        case done = "done"
        case item = "item"
        case part = "part"
        case reasoning = "reasoning"
        case refusal = "refusal"
        case summary = "summary"
        case text = "text"
    }

    public init(added: [String: JSONAny]?, arguments: String?, done: Done?, item: [String: JSONAny]?, part: [String: JSONAny]?, reasoning: String?, refusal: String?, summary: String?, text: String?) {
        self.added = added
        self.arguments = arguments
        self.done = done
        self.item = item
        self.part = part
        self.reasoning = reasoning
        self.refusal = refusal
        self.summary = summary
        self.text = text
    }
}

/// What has ended.
public enum Done: String, Codable {
    case item = "item"
    case part = "part"
    case text = "text"
}

public enum GenerateResponseResultStatus: String, Codable {
    case completed = "completed"
    case incomplete = "incomplete"
}

/// What the provider billed, in its own words.
// MARK: - UsageClass
public struct UsageClass: Codable {
    public let inputTokens: Int
    public let outputTokens: Int
    public let totalTokens: Int

    public enum CodingKeys: String, CodingKey {
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case totalTokens = "total_tokens"
    }

    public init(inputTokens: Int, outputTokens: Int, totalTokens: Int) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.totalTokens = totalTokens
    }
}

/// An item is finished.
// MARK: - ItemEvent
public struct ItemEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int
    /// Its place in the list, from 0.
    public let index: Int
    /// The job.
    public let jobID: String
    /// The list of the result that it belongs to.
    public let list: String
    public let percent: Double
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    public let type: ItemEventType
    /// The item, as it will stand in the result.
    public let value: JSONAny

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case index = "index"
        case jobID = "jobId"
        case list = "list"
        case percent = "percent"
        case seq = "seq"
        case type = "type"
        case value = "value"
    }

    public init(attempt: Int, index: Int, jobID: String, list: String, percent: Double, seq: Int, type: ItemEventType, value: JSONAny) {
        self.attempt = attempt
        self.index = index
        self.jobID = jobID
        self.list = list
        self.percent = percent
        self.seq = seq
        self.type = type
        self.value = value
    }
}

public enum ItemEventType: String, Codable {
    case item = "item"
}

/// A job. What has no value is absent, never null; times are in UTC (RFC 3339).
// MARK: - Job
public struct Job: Codable {
    /// Which attempt runs or ran last, from 1. A lost worker counts as an attempt, too.
    public let attempt: Int?
    /// When it is cancelled, if it has not ended by then.
    public let cancelAt: Date?
    /// When it was asked to cancel it.
    public let cancelRequestedAt: Date?
    /// Where the job is cancelled (POST).
    public let cancelURL: String
    /// When it was submitted.
    public let createdAt: Date
    /// Why it failed.
    public let error: Problem?
    /// In how many seconds it will have ended, where that can be estimated.
    public let etaSeconds: Int?
    /// Until when it is kept, at least.
    public let expiresAt: Date?
    /// When it ended.
    public let finishedAt: Date?
    /// The fields of the submission that are not known, such as misspelt ones: 20 names at most.
    public let ignored: [String]?
    /// With `?include=items`: the items that are finished so far, by the list that they belong
    /// to.
    public let items: [String: JSONAny]?
    /// The id. It is hard to guess, and safe in an address.
    public let jobID: String
    /// The kind of job.
    public let kind: String
    /// How often the job is tried.
    public let maxAttempts: Int
    /// By which model.
    public let model: String?
    public let paused: PausedBy?
    /// Its place in the queue while it waits; 1 is next.
    public let position: Int?
    public let progress: Progress?
    /// Who gave the answer.
    public let provider: String?
    /// What the job has made; each kind has its own schema. Lists of jobs leave it out.
    public let result: [String: JSONAny]?
    /// When the next attempt is due, between two attempts.
    public let retryAt: Date?
    /// When it began to run.
    public let startedAt: Date?
    /// `queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
    /// ends.
    public let status: JobStatus
    /// Where the job is as JSON. Where an identity is needed it has a token.
    public let statusURL: String
    /// Where the events of the job are, with a token.
    public let streamURL: String
    public let usage: Usage?

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case cancelAt = "cancelAt"
        case cancelRequestedAt = "cancelRequestedAt"
        case cancelURL = "cancelUrl"
        case createdAt = "createdAt"
        case error = "error"
        case etaSeconds = "etaSeconds"
        case expiresAt = "expiresAt"
        case finishedAt = "finishedAt"
        case ignored = "ignored"
        case items = "items"
        case jobID = "jobId"
        case kind = "kind"
        case maxAttempts = "maxAttempts"
        case model = "model"
        case paused = "paused"
        case position = "position"
        case progress = "progress"
        case provider = "provider"
        case result = "result"
        case retryAt = "retryAt"
        case startedAt = "startedAt"
        case status = "status"
        case statusURL = "statusUrl"
        case streamURL = "streamUrl"
        case usage = "usage"
    }

    public init(attempt: Int?, cancelAt: Date?, cancelRequestedAt: Date?, cancelURL: String, createdAt: Date, error: Problem?, etaSeconds: Int?, expiresAt: Date?, finishedAt: Date?, ignored: [String]?, items: [String: JSONAny]?, jobID: String, kind: String, maxAttempts: Int, model: String?, paused: PausedBy?, position: Int?, progress: Progress?, provider: String?, result: [String: JSONAny]?, retryAt: Date?, startedAt: Date?, status: JobStatus, statusURL: String, streamURL: String, usage: Usage?) {
        self.attempt = attempt
        self.cancelAt = cancelAt
        self.cancelRequestedAt = cancelRequestedAt
        self.cancelURL = cancelURL
        self.createdAt = createdAt
        self.error = error
        self.etaSeconds = etaSeconds
        self.expiresAt = expiresAt
        self.finishedAt = finishedAt
        self.ignored = ignored
        self.items = items
        self.jobID = jobID
        self.kind = kind
        self.maxAttempts = maxAttempts
        self.model = model
        self.paused = paused
        self.position = position
        self.progress = progress
        self.provider = provider
        self.result = result
        self.retryAt = retryAt
        self.startedAt = startedAt
        self.status = status
        self.statusURL = statusURL
        self.streamURL = streamURL
        self.usage = usage
    }
}

/// There while the job waits because an operator has paused its kind, its provider or all
/// jobs.
// MARK: - PausedBy
public struct PausedBy: Codable {
    /// Why, in the words of the operator.
    public let reason: String?
    /// Since when.
    public let since: Date
    /// When it ends by itself.
    public let until: Date?

    public enum CodingKeys: String, CodingKey {
        case reason = "reason"
        case since = "since"
        case until = "until"
    }

    public init(reason: String?, since: Date, until: Date?) {
        self.reason = reason
        self.since = since
        self.until = until
    }
}

/// How far a job is.
// MARK: - Progress
public struct Progress: Codable {
    /// How many items are finished.
    public let items: Int
    /// Of the whole job. It never falls.
    public let percent: Double
    /// What is being done.
    public let stage: String

    public enum CodingKeys: String, CodingKey {
        case items = "items"
        case percent = "percent"
        case stage = "stage"
    }

    public init(items: Int, percent: Double, stage: String) {
        self.items = items
        self.percent = percent
        self.stage = stage
    }
}

/// `queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
/// ends.
public enum JobStatus: String, Codable {
    case active = "active"
    case cancelled = "cancelled"
    case completed = "completed"
    case failed = "failed"
    case queued = "queued"
    case waiting = "waiting"
}

/// An event in the stream of a job. The values of items and results are those of its kind.
///
/// The status of the job now. It is a hint without an id, and is not sent again. Only the
/// first one of a stream that was opened by POST has an id, 0: a client that reconnects
/// shows by it that it does.
///
/// A stage was reached. `percent` is of the whole job, and never falls.
///
/// An item is finished.
///
/// The job has led to another one.
///
/// The job starts again. Items are kept, and their numbers go on.
///
/// Drop everything of this job: all events are sent again, from the first. It has no id.
///
/// Everything that was missed has been sent; what comes next is new. It has no id.
///
/// The end: the job has its result. It counts more than the items before it.
///
/// The end: the job has failed.
///
/// The end: the job was cancelled. What it has used is known a little later, and in its
/// status.
// MARK: - JobEvent
public struct JobEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int?
    /// In how many seconds it will have ended, where that can be estimated.
    public let etaSeconds: Int?
    /// In the first frame after a POST: the fields of the submission that are not known.
    public let ignored: [String]?
    /// The job.
    public let jobID: String
    public let paused: PausedBy?
    /// Its place in the queue; 1 is next.
    public let position: Int?
    /// When the next attempt is due, between two attempts.
    public let retryAt: Date?
    public let status: JobEventStatus?
    public let type: JobEventType
    public let percent: Double?
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int?
    /// The stage that was reached.
    public let stage: String?
    /// Its place in the list, from 0.
    public let index: Int?
    /// The list of the result that it belongs to.
    public let list: String?
    /// The item, as it will stand in the result.
    public let value: JSONAny?
    public let child: ChildEventChild?
    /// Why the attempt before ended.
    public let code: String?
    /// How many finished items are kept.
    public let itemsKept: Int?
    public let result: [String: JSONAny]?
    public let usage: Usage?
    public let error: Problem?

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case etaSeconds = "etaSeconds"
        case ignored = "ignored"
        case jobID = "jobId"
        case paused = "paused"
        case position = "position"
        case retryAt = "retryAt"
        case status = "status"
        case type = "type"
        case percent = "percent"
        case seq = "seq"
        case stage = "stage"
        case index = "index"
        case list = "list"
        case value = "value"
        case child = "child"
        case code = "code"
        case itemsKept = "itemsKept"
        case result = "result"
        case usage = "usage"
        case error = "error"
    }

    public init(attempt: Int?, etaSeconds: Int?, ignored: [String]?, jobID: String, paused: PausedBy?, position: Int?, retryAt: Date?, status: JobEventStatus?, type: JobEventType, percent: Double?, seq: Int?, stage: String?, index: Int?, list: String?, value: JSONAny?, child: ChildEventChild?, code: String?, itemsKept: Int?, result: [String: JSONAny]?, usage: Usage?, error: Problem?) {
        self.attempt = attempt
        self.etaSeconds = etaSeconds
        self.ignored = ignored
        self.jobID = jobID
        self.paused = paused
        self.position = position
        self.retryAt = retryAt
        self.status = status
        self.type = type
        self.percent = percent
        self.seq = seq
        self.stage = stage
        self.index = index
        self.list = list
        self.value = value
        self.child = child
        self.code = code
        self.itemsKept = itemsKept
        self.result = result
        self.usage = usage
        self.error = error
    }
}

public enum JobEventStatus: String, Codable {
    case active = "active"
    case cancelled = "cancelled"
    case completed = "completed"
    case failed = "failed"
    case waiting = "waiting"
}

public enum JobEventType: String, Codable {
    case attempt = "attempt"
    case cancelled = "cancelled"
    case child = "child"
    case completed = "completed"
    case failed = "failed"
    case item = "item"
    case live = "live"
    case progress = "progress"
    case reset = "reset"
    case status = "status"
}

/// Everything that was missed has been sent; what comes next is new. It has no id.
// MARK: - LiveEvent
public struct LiveEvent: Codable {
    /// The job.
    public let jobID: String
    public let type: LiveEventType

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case type = "type"
    }

    public init(jobID: String, type: LiveEventType) {
        self.jobID = jobID
        self.type = type
    }
}

public enum LiveEventType: String, Codable {
    case live = "live"
}

// MARK: - ProcessImageInput
public struct ProcessImageInput: Codable {
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    /// a photo or a drawing: image/png, image/jpeg, image/webp, image/heic, image/avif. Base64,
    /// or a data URI.
    public let image: String
    /// The languages that the text may be in (BCP 47), the likeliest first.
    public let languages: [String]?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    /// The job that goes on with the text.
    public let then: Then?
    /// The other fields of that job's input.
    public let thenInput: [String: JSONAny]?
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?

    public enum CodingKeys: String, CodingKey {
        case callbackURL = "callbackUrl"
        case image = "image"
        case languages = "languages"
        case pushToken = "pushToken"
        case then = "then"
        case thenInput = "thenInput"
        case userID = "userId"
    }

    public init(callbackURL: String?, image: String, languages: [String]?, pushToken: String?, then: Then?, thenInput: [String: JSONAny]?, userID: String?) {
        self.callbackURL = callbackURL
        self.image = image
        self.languages = languages
        self.pushToken = pushToken
        self.then = then
        self.thenInput = thenInput
        self.userID = userID
    }
}

/// The job that goes on with the text.
public enum Then: String, Codable {
    case flashcards = "flashcards"
    case lesson = "lesson"
}

// MARK: - ProcessImageResult
public struct ProcessImageResult: Codable {
    public let child: ProcessImageResultChild?
    /// The height of the upright image, in pixels.
    public let height: Int
    public let lines: [Line]
    public let text: String
    /// The width of the upright image, in pixels.
    public let width: Int

    public enum CodingKeys: String, CodingKey {
        case child = "child"
        case height = "height"
        case lines = "lines"
        case text = "text"
        case width = "width"
    }

    public init(child: ProcessImageResultChild?, height: Int, lines: [Line], text: String, width: Int) {
        self.child = child
        self.height = height
        self.lines = lines
        self.text = text
        self.width = width
    }
}

// MARK: - ProcessImageResultChild
public struct ProcessImageResultChild: Codable {
    public let jobID: String
    public let statusURL: String
    public let streamURL: String

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case statusURL = "statusUrl"
        case streamURL = "streamUrl"
    }

    public init(jobID: String, statusURL: String, streamURL: String) {
        self.jobID = jobID
        self.statusURL = statusURL
        self.streamURL = streamURL
    }
}

// MARK: - Line
public struct Line: Codable {
    /// How sure the reader is, from 0 to 1.
    public let confidence: Double?
    public let polygon: [[Double]]?
    public let text: String
    public let words: [LineWord]?

    public enum CodingKeys: String, CodingKey {
        case confidence = "confidence"
        case polygon = "polygon"
        case text = "text"
        case words = "words"
    }

    public init(confidence: Double?, polygon: [[Double]]?, text: String, words: [LineWord]?) {
        self.confidence = confidence
        self.polygon = polygon
        self.text = text
        self.words = words
    }
}

// MARK: - LineWord
public struct LineWord: Codable {
    /// How sure the reader is, from 0 to 1.
    public let confidence: Double?
    public let polygon: [[Double]]?
    public let text: String

    public enum CodingKeys: String, CodingKey {
        case confidence = "confidence"
        case polygon = "polygon"
        case text = "text"
    }

    public init(confidence: Double?, polygon: [[Double]]?, text: String) {
        self.confidence = confidence
        self.polygon = polygon
        self.text = text
    }
}

/// A stage was reached. `percent` is of the whole job, and never falls.
// MARK: - ProgressEvent
public struct ProgressEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int
    /// The job.
    public let jobID: String
    public let percent: Double
    /// Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    /// may be left out.
    public let seq: Int
    /// The stage that was reached.
    public let stage: String
    public let type: ProgressEventType

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case jobID = "jobId"
        case percent = "percent"
        case seq = "seq"
        case stage = "stage"
        case type = "type"
    }

    public init(attempt: Int, jobID: String, percent: Double, seq: Int, stage: String, type: ProgressEventType) {
        self.attempt = attempt
        self.jobID = jobID
        self.percent = percent
        self.seq = seq
        self.stage = stage
        self.type = type
    }
}

public enum ProgressEventType: String, Codable {
    case progress = "progress"
}

// MARK: - PronunciationAssessInput
public struct PronunciationAssessInput: Codable {
    /// a recording, 30 s long at most: audio/wav, audio/mp4, audio/3gpp, audio/aac, audio/mpeg,
    /// audio/ogg, audio/webm. Base64, or a data URI.
    public let audio: String
    /// Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    /// In development http and this machine are allowed, too.
    public let callbackURL: String?
    /// The language that is spoken (BCP 47), best with its region.
    public let language: String?
    /// An Expo push token. The phone gets a push notification when the job has ended, unless
    /// somebody is there to see the end.
    public let pushToken: String?
    /// What the recording should say.
    public let referenceText: String
    /// Who the job is for. It counts only where no identity is needed, in development.
    public let userID: String?

    public enum CodingKeys: String, CodingKey {
        case audio = "audio"
        case callbackURL = "callbackUrl"
        case language = "language"
        case pushToken = "pushToken"
        case referenceText = "referenceText"
        case userID = "userId"
    }

    public init(audio: String, callbackURL: String?, language: String?, pushToken: String?, referenceText: String, userID: String?) {
        self.audio = audio
        self.callbackURL = callbackURL
        self.language = language
        self.pushToken = pushToken
        self.referenceText = referenceText
        self.userID = userID
    }
}

// MARK: - PronunciationAssessResult
public struct PronunciationAssessResult: Codable {
    /// How long the recording is, in ms.
    public let durationMS: Int
    /// There if a model has only estimated the scores.
    public let estimate: Bool?
    /// What was heard.
    public let recognizedText: String
    public let scores: Scores
    public let words: [PronunciationAssessResultWord]

    public enum CodingKeys: String, CodingKey {
        case durationMS = "durationMs"
        case estimate = "estimate"
        case recognizedText = "recognizedText"
        case scores = "scores"
        case words = "words"
    }

    public init(durationMS: Int, estimate: Bool?, recognizedText: String, scores: Scores, words: [PronunciationAssessResultWord]) {
        self.durationMS = durationMS
        self.estimate = estimate
        self.recognizedText = recognizedText
        self.scores = scores
        self.words = words
    }
}

// MARK: - Scores
public struct Scores: Codable {
    /// From 0 to 100.
    public let accuracy: Double
    /// From 0 to 100.
    public let completeness: Double
    /// From 0 to 100.
    public let fluency: Double
    /// From 0 to 100.
    public let pronunciation: Double
    /// From 0 to 100.
    public let prosody: Double?

    public enum CodingKeys: String, CodingKey {
        case accuracy = "accuracy"
        case completeness = "completeness"
        case fluency = "fluency"
        case pronunciation = "pronunciation"
        case prosody = "prosody"
    }

    public init(accuracy: Double, completeness: Double, fluency: Double, pronunciation: Double, prosody: Double?) {
        self.accuracy = accuracy
        self.completeness = completeness
        self.fluency = fluency
        self.pronunciation = pronunciation
        self.prosody = prosody
    }
}

// MARK: - PronunciationAssessResultWord
public struct PronunciationAssessResultWord: Codable {
    /// From 0 to 100.
    public let accuracy: Double
    public let durationMS: Int?
    /// `none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's.
    public let error: String
    /// Where in the recording it begins, in ms.
    public let offsetMS: Int?
    public let phonemes: [Phoneme]?
    public let word: String

    public enum CodingKeys: String, CodingKey {
        case accuracy = "accuracy"
        case durationMS = "durationMs"
        case error = "error"
        case offsetMS = "offsetMs"
        case phonemes = "phonemes"
        case word = "word"
    }

    public init(accuracy: Double, durationMS: Int?, error: String, offsetMS: Int?, phonemes: [Phoneme]?, word: String) {
        self.accuracy = accuracy
        self.durationMS = durationMS
        self.error = error
        self.offsetMS = offsetMS
        self.phonemes = phonemes
        self.word = word
    }
}

// MARK: - Phoneme
public struct Phoneme: Codable {
    /// From 0 to 100.
    public let accuracy: Double
    public let phoneme: String

    public enum CodingKeys: String, CodingKey {
        case accuracy = "accuracy"
        case phoneme = "phoneme"
    }

    public init(accuracy: Double, phoneme: String) {
        self.accuracy = accuracy
        self.phoneme = phoneme
    }
}

/// Drop everything of this job: all events are sent again, from the first. It has no id.
// MARK: - ResetEvent
public struct ResetEvent: Codable {
    /// The job.
    public let jobID: String
    public let type: ResetEventType

    public enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case type = "type"
    }

    public init(jobID: String, type: ResetEventType) {
        self.jobID = jobID
        self.type = type
    }
}

public enum ResetEventType: String, Codable {
    case reset = "reset"
}

/// The status of the job now. It is a hint without an id, and is not sent again. Only the
/// first one of a stream that was opened by POST has an id, 0: a client that reconnects
/// shows by it that it does.
// MARK: - StatusEvent
public struct StatusEvent: Codable {
    /// The attempt that it belongs to.
    public let attempt: Int?
    /// In how many seconds it will have ended, where that can be estimated.
    public let etaSeconds: Int?
    /// In the first frame after a POST: the fields of the submission that are not known.
    public let ignored: [String]?
    /// The job.
    public let jobID: String
    public let paused: PausedBy?
    /// Its place in the queue; 1 is next.
    public let position: Int?
    /// When the next attempt is due, between two attempts.
    public let retryAt: Date?
    public let status: JobEventStatus
    public let type: StatusEventType

    public enum CodingKeys: String, CodingKey {
        case attempt = "attempt"
        case etaSeconds = "etaSeconds"
        case ignored = "ignored"
        case jobID = "jobId"
        case paused = "paused"
        case position = "position"
        case retryAt = "retryAt"
        case status = "status"
        case type = "type"
    }

    public init(attempt: Int?, etaSeconds: Int?, ignored: [String]?, jobID: String, paused: PausedBy?, position: Int?, retryAt: Date?, status: JobEventStatus, type: StatusEventType) {
        self.attempt = attempt
        self.etaSeconds = etaSeconds
        self.ignored = ignored
        self.jobID = jobID
        self.paused = paused
        self.position = position
        self.retryAt = retryAt
        self.status = status
        self.type = type
    }
}

public enum StatusEventType: String, Codable {
    case status = "status"
}

// MARK: - Encode/decode helpers

public class JSONNull: Codable, Hashable {

    public static func == (lhs: JSONNull, rhs: JSONNull) -> Bool {
        return true
    }

    public var hashValue: Int {
        return 0
    }

    public func hash(into hasher: inout Hasher) {
        // No-op
    }

    public init() {}

    public required init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if !container.decodeNil() {
            throw DecodingError.typeMismatch(JSONNull.self, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "Wrong type for JSONNull"))
        }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

class JSONCodingKey: CodingKey {
    let key: String

    required init?(intValue: Int) {
        return nil
    }

    required init?(stringValue: String) {
        key = stringValue
    }

    var intValue: Int? {
        return nil
    }

    var stringValue: String {
        return key
    }
}

public class JSONAny: Codable {

    public let value: Any

    static func decodingError(forCodingPath codingPath: [CodingKey]) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "Cannot decode JSONAny")
        return DecodingError.typeMismatch(JSONAny.self, context)
    }

    static func encodingError(forValue value: Any, codingPath: [CodingKey]) -> EncodingError {
        let context = EncodingError.Context(codingPath: codingPath, debugDescription: "Cannot encode JSONAny")
        return EncodingError.invalidValue(value, context)
    }

    static func decode(from container: SingleValueDecodingContainer) throws -> Any {
        if let value = try? container.decode(Bool.self) {
            return value
        }
        if let value = try? container.decode(Int64.self) {
            return value
        }
        if let value = try? container.decode(Double.self) {
            return value
        }
        if let value = try? container.decode(String.self) {
            return value
        }
        if container.decodeNil() {
            return JSONNull()
        }
        throw decodingError(forCodingPath: container.codingPath)
    }

    static func decode(from container: inout UnkeyedDecodingContainer) throws -> Any {
        if let value = try? container.decode(Bool.self) {
            return value
        }
        if let value = try? container.decode(Int64.self) {
            return value
        }
        if let value = try? container.decode(Double.self) {
            return value
        }
        if let value = try? container.decode(String.self) {
            return value
        }
        if let value = try? container.decodeNil() {
            if value {
                return JSONNull()
            }
        }
        if var container = try? container.nestedUnkeyedContainer() {
            return try decodeArray(from: &container)
        }
        if var container = try? container.nestedContainer(keyedBy: JSONCodingKey.self) {
            return try decodeDictionary(from: &container)
        }
        throw decodingError(forCodingPath: container.codingPath)
    }

    static func decode(from container: inout KeyedDecodingContainer<JSONCodingKey>, forKey key: JSONCodingKey) throws -> Any {
        if let value = try? container.decode(Bool.self, forKey: key) {
            return value
        }
        if let value = try? container.decode(Int64.self, forKey: key) {
            return value
        }
        if let value = try? container.decode(Double.self, forKey: key) {
            return value
        }
        if let value = try? container.decode(String.self, forKey: key) {
            return value
        }
        if let value = try? container.decodeNil(forKey: key) {
            if value {
                return JSONNull()
            }
        }
        if var container = try? container.nestedUnkeyedContainer(forKey: key) {
            return try decodeArray(from: &container)
        }
        if var container = try? container.nestedContainer(keyedBy: JSONCodingKey.self, forKey: key) {
            return try decodeDictionary(from: &container)
        }
        throw decodingError(forCodingPath: container.codingPath)
    }

    static func decodeArray(from container: inout UnkeyedDecodingContainer) throws -> [Any] {
        var arr: [Any] = []
        while !container.isAtEnd {
            let value = try decode(from: &container)
            arr.append(value)
        }
        return arr
    }

    static func decodeDictionary(from container: inout KeyedDecodingContainer<JSONCodingKey>) throws -> [String: Any] {
        var dict = [String: Any]()
        for key in container.allKeys {
            let value = try decode(from: &container, forKey: key)
            dict[key.stringValue] = value
        }
        return dict
    }

    static func encode(to container: inout UnkeyedEncodingContainer, array: [Any]) throws {
        for value in array {
            if let value = value as? Bool {
                try container.encode(value)
            } else if let value = value as? Int64 {
                try container.encode(value)
            } else if let value = value as? Double {
                try container.encode(value)
            } else if let value = value as? String {
                try container.encode(value)
            } else if value is JSONNull {
                try container.encodeNil()
            } else if let value = value as? [Any] {
                var container = container.nestedUnkeyedContainer()
                try encode(to: &container, array: value)
            } else if let value = value as? [String: Any] {
                var container = container.nestedContainer(keyedBy: JSONCodingKey.self)
                try encode(to: &container, dictionary: value)
            } else {
                throw encodingError(forValue: value, codingPath: container.codingPath)
            }
        }
    }

    static func encode(to container: inout KeyedEncodingContainer<JSONCodingKey>, dictionary: [String: Any]) throws {
        for (key, value) in dictionary {
            let key = JSONCodingKey(stringValue: key)!
            if let value = value as? Bool {
                try container.encode(value, forKey: key)
            } else if let value = value as? Int64 {
                try container.encode(value, forKey: key)
            } else if let value = value as? Double {
                try container.encode(value, forKey: key)
            } else if let value = value as? String {
                try container.encode(value, forKey: key)
            } else if value is JSONNull {
                try container.encodeNil(forKey: key)
            } else if let value = value as? [Any] {
                var container = container.nestedUnkeyedContainer(forKey: key)
                try encode(to: &container, array: value)
            } else if let value = value as? [String: Any] {
                var container = container.nestedContainer(keyedBy: JSONCodingKey.self, forKey: key)
                try encode(to: &container, dictionary: value)
            } else {
                throw encodingError(forValue: value, codingPath: container.codingPath)
            }
        }
    }

    static func encode(to container: inout SingleValueEncodingContainer, value: Any) throws {
        if let value = value as? Bool {
            try container.encode(value)
        } else if let value = value as? Int64 {
            try container.encode(value)
        } else if let value = value as? Double {
            try container.encode(value)
        } else if let value = value as? String {
            try container.encode(value)
        } else if value is JSONNull {
            try container.encodeNil()
        } else {
            throw encodingError(forValue: value, codingPath: container.codingPath)
        }
    }

    public required init(from decoder: Decoder) throws {
        if var arrayContainer = try? decoder.unkeyedContainer() {
            self.value = try JSONAny.decodeArray(from: &arrayContainer)
        } else if var container = try? decoder.container(keyedBy: JSONCodingKey.self) {
            self.value = try JSONAny.decodeDictionary(from: &container)
        } else {
            let container = try decoder.singleValueContainer()
            self.value = try JSONAny.decode(from: container)
        }
    }

    public func encode(to encoder: Encoder) throws {
        if let arr = self.value as? [Any] {
            var container = encoder.unkeyedContainer()
            try JSONAny.encode(to: &container, array: arr)
        } else if let dict = self.value as? [String: Any] {
            var container = encoder.container(keyedBy: JSONCodingKey.self)
            try JSONAny.encode(to: &container, dictionary: dict)
        } else {
            var container = encoder.singleValueContainer()
            try JSONAny.encode(to: &container, value: self.value)
        }
    }
}
