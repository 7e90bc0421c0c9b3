// Models of the HTTP contract, printed by `npm run models`; do not change them here. They are not compiled here.
// To parse the JSON, install kotlin's serialization plugin and do:
//
// val json                      = Json { allowStructuredMapKeys = true }
// val attemptEvent              = json.parse(AttemptEvent.serializer(), jsonString)
// val cancelledEvent            = json.parse(CancelledEvent.serializer(), jsonString)
// val childEvent                = json.parse(ChildEvent.serializer(), jsonString)
// val completedEvent            = json.parse(CompletedEvent.serializer(), jsonString)
// val failedEvent               = json.parse(FailedEvent.serializer(), jsonString)
// val fieldError                = json.parse(FieldError.serializer(), jsonString)
// val generateAudioInput        = json.parse(GenerateAudioInput.serializer(), jsonString)
// val generateAudioResult       = json.parse(GenerateAudioResult.serializer(), jsonString)
// val generateFlashcardsInput   = json.parse(GenerateFlashcardsInput.serializer(), jsonString)
// val generateFlashcardsResult  = json.parse(GenerateFlashcardsResult.serializer(), jsonString)
// val generateLessonInput       = json.parse(GenerateLessonInput.serializer(), jsonString)
// val generateLessonResult      = json.parse(GenerateLessonResult.serializer(), jsonString)
// val generateResponseInput     = json.parse(GenerateResponseInput.serializer(), jsonString)
// val generateResponseResult    = json.parse(GenerateResponseResult.serializer(), jsonString)
// val itemEvent                 = json.parse(ItemEvent.serializer(), jsonString)
// val job                       = json.parse(Job.serializer(), jsonString)
// val jobEvent                  = json.parse(JobEvent.serializer(), jsonString)
// val liveEvent                 = json.parse(LiveEvent.serializer(), jsonString)
// val pausedBy                  = json.parse(PausedBy.serializer(), jsonString)
// val problem                   = json.parse(Problem.serializer(), jsonString)
// val processImageInput         = json.parse(ProcessImageInput.serializer(), jsonString)
// val processImageResult        = json.parse(ProcessImageResult.serializer(), jsonString)
// val progress                  = json.parse(Progress.serializer(), jsonString)
// val progressEvent             = json.parse(ProgressEvent.serializer(), jsonString)
// val pronunciationAssessInput  = json.parse(PronunciationAssessInput.serializer(), jsonString)
// val pronunciationAssessResult = json.parse(PronunciationAssessResult.serializer(), jsonString)
// val resetEvent                = json.parse(ResetEvent.serializer(), jsonString)
// val statusEvent               = json.parse(StatusEvent.serializer(), jsonString)
// val usage                     = json.parse(Usage.serializer(), jsonString)

@file:UseSerializers(OffsetDateTimeSerializer::class)

package aijobs

import java.time.OffsetDateTime

import kotlinx.serialization.*
import kotlinx.serialization.json.*
import kotlinx.serialization.descriptors.*
import kotlinx.serialization.encoding.*

/**
 * The job starts again. Items are kept, and their numbers go on.
 */
@Serializable
data class AttemptEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long,

    /**
     * Why the attempt before ended.
     */
    val code: String,

    /**
     * How many finished items are kept.
     */
    val itemsKept: Long,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: AttemptEventType
)

@Serializable
enum class AttemptEventType(val value: String) {
    @SerialName("attempt") Attempt("attempt");
}

/**
 * The end: the job was cancelled. What it has used is known a little later, and in its
 * status.
 */
@Serializable
data class CancelledEvent (
    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: CancelledEventType
)

@Serializable
enum class CancelledEventType(val value: String) {
    @SerialName("cancelled") Cancelled("cancelled");
}

/**
 * The job has led to another one.
 */
@Serializable
data class ChildEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long,

    val child: ChildEventChild,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: ChildEventType
)

@Serializable
data class ChildEventChild (
    /**
     * The other job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * Where it is as JSON.
     */
    @SerialName("statusUrl")
    val statusURL: String,

    /**
     * Where its events are.
     */
    @SerialName("streamUrl")
    val streamURL: String
)

@Serializable
enum class ChildEventType(val value: String) {
    @SerialName("child") Child("child");
}

/**
 * The end: the job has its result. It counts more than the items before it.
 */
@Serializable
data class CompletedEvent (
    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val result: JsonObject,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: CompletedEventType,
    val usage: Usage? = null
)

@Serializable
enum class CompletedEventType(val value: String) {
    @SerialName("completed") Completed("completed");
}

/**
 * What a job has used. What a provider does not bill is 0 or absent.
 */
@Serializable
data class Usage (
    /**
     * Characters that were spoken.
     */
    val characters: Long? = null,

    /**
     * What it costs, in US dollars, where the price is known.
     */
    val costUsd: Double? = null,

    /**
     * How many items of models' answers were not usable. Absent if none.
     */
    val dropped: Long? = null,

    /**
     * Whether some of it is an estimate.
     */
    val estimated: Boolean? = null,

    /**
     * Images that were read.
     */
    val images: Long? = null,

    /**
     * Tokens that went to a model.
     */
    val inputTokens: Long,

    /**
     * Tokens that a model wrote.
     */
    val outputTokens: Long,

    /**
     * Seconds of sound.
     */
    val seconds: Double? = null
)

/**
 * The end: the job has failed.
 */
@Serializable
data class FailedEvent (
    val error: Problem,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: FailedEventType,
    val usage: Usage? = null
)

/**
 * An error (RFC 9457). Programs use `code`; people read `detail`.
 *
 * Why it failed.
 */
@Serializable
data class Problem (
    /**
     * The reason for programs. Codes may be added.
     */
    val code: String,

    /**
     * This problem in words, with the way out.
     */
    val detail: String,

    /**
     * The fields at fault.
     */
    val errors: List<FieldError>? = null,

    /**
     * The job it is about.
     */
    @SerialName("jobId")
    val jobID: String? = null,

    /**
     * The id under which the logs have the request.
     */
    @SerialName("requestId")
    val requestID: String? = null,

    /**
     * Whether the same request may succeed later without a change.
     */
    val retryable: Boolean,

    /**
     * The status of the answer. It is absent in the `error` of a job.
     */
    val status: Long? = null,

    /**
     * The problem in short; the same for every problem with this code.
     */
    val title: String,

    /**
     * Identifies the problem. At this address it says what the code means and what to do.
     */
    val type: String
)

@Serializable
data class FieldError (
    /**
     * What is expected there.
     */
    val detail: String,

    /**
     * The field, as a JSON Pointer in a URI fragment (RFC 6901): `#/count`.
     */
    val pointer: String
)

@Serializable
enum class FailedEventType(val value: String) {
    @SerialName("failed") Failed("failed");
}

@Serializable
data class GenerateAudioInput (
    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    /**
     * The format of the file. A long text is too large as `wav`.
     */
    val format: Format? = null,

    /**
     * The language of the text (BCP 47).
     */
    val language: String? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    /**
     * How fast it is spoken: 1 is the voice's own speed.
     */
    val speed: Double? = null,

    /**
     * What is spoken.
     */
    val text: String,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null,

    /**
     * A voice of the provider; without it, the provider's usual one for the language.
     */
    val voice: String? = null
)

/**
 * The format of the file. A long text is too large as `wav`.
 */
@Serializable
enum class Format(val value: String) {
    @SerialName("mp3") Mp3("mp3"),
    @SerialName("wav") Wav("wav");
}

@Serializable
data class GenerateAudioResult (
    val audio: Audio,
    val parts: List<Part>
)

@Serializable
data class Audio (
    val bytes: Long,

    @SerialName("durationMs")
    val durationMS: Long,

    @SerialName("outputUrl")
    val outputURL: String,

    val type: String
)

@Serializable
data class Part (
    val bytes: Long,

    @SerialName("durationMs")
    val durationMS: Long,

    @SerialName("outputUrl")
    val outputURL: String,

    val text: String
)

@Serializable
data class GenerateFlashcardsInput (
    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    /**
     * The notes. They must have a word or a number in them.
     */
    val content: String,

    /**
     * How many cards at most; short notes give fewer.
     */
    val count: Long? = null,

    /**
     * How difficult the cards should be, in any words.
     */
    val difficulty: String? = null,

    /**
     * The language of the cards (BCP 47); without it, that of the notes.
     */
    val language: String? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    /**
     * The school subject.
     */
    val subject: String? = null,

    /**
     * The topic within the subject.
     */
    val topic: String? = null,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null
)

@Serializable
data class GenerateFlashcardsResult (
    val flashcards: List<Flashcard>
)

@Serializable
data class Flashcard (
    val back: String,
    val front: String
)

@Serializable
data class GenerateLessonInput (
    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    /**
     * The notes. They or the topic must be there.
     */
    val content: String? = null,

    /**
     * The language of the lesson (BCP 47); without it, that of the notes or the topic.
     */
    val language: String? = null,

    /**
     * A level of the CEFR, such as "B1", or any other words for it.
     */
    val level: String? = null,

    /**
     * The language of the learner (BCP 47): meanings and explanations are in it.
     */
    val nativeLanguage: String? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    /**
     * How many sections at most; short notes give fewer.
     */
    val sections: Long? = null,

    /**
     * The school subject.
     */
    val subject: String? = null,

    /**
     * The topic. It or the notes must be there.
     */
    val topic: String? = null,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null
)

@Serializable
data class GenerateLessonResult (
    val lesson: Lesson
)

@Serializable
data class Lesson (
    val exercises: List<Exercise>,

    /**
     * The language that the lesson is written in, where its author says so.
     */
    val language: String? = null,

    val objectives: List<String>,
    val sections: List<Section>,
    val title: String,
    val vocabulary: List<Vocabulary>
)

@Serializable
data class Exercise (
    val answer: String,
    val choices: List<String>? = null,
    val explanation: String? = null,
    val question: String
)

@Serializable
data class Section (
    val body: String,
    val examples: List<String>? = null,
    val heading: String
)

@Serializable
data class Vocabulary (
    val example: String? = null,
    val meaning: String,
    val term: String
)

@Serializable
data class GenerateResponseInput (
    /**
     * Shown again, and changes nothing: each response is a job.
     */
    val background: Boolean? = null,

    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    val include: List<Include>? = null,

    /**
     * The prompt: a text, or messages and what tools have answered.
     */
    val input: InputUnion,

    /**
     * What the model is told before the input.
     */
    val instructions: String? = null,

    /**
     * The most tokens of the answer, reasoning included.
     */
    @SerialName("max_output_tokens")
    val maxOutputTokens: Long? = null,

    @SerialName("max_tool_calls")
    val maxToolCalls: Long? = null,

    /**
     * Shown again.
     */
    val metadata: Map<String, String>? = null,

    /**
     * One of the models that are set; without it, the first.
     */
    val model: String? = null,

    @SerialName("parallel_tool_calls")
    val parallelToolCalls: Boolean? = null,

    @SerialName("prompt_cache_key")
    val promptCacheKey: String? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    val reasoning: JsonObject? = null,

    @SerialName("safety_identifier")
    val safetyIdentifier: String? = null,

    @SerialName("service_tier")
    val serviceTier: ServiceTier? = null,

    /**
     * `false`: the provider keeps nothing, so that an answer which is cut off can not go on.
     */
    val store: Boolean? = null,

    val temperature: Double? = null,

    /**
     * The format of the text, such as a JSON schema.
     */
    val text: JsonObject? = null,

    @SerialName("tool_choice")
    val toolChoice: ToolChoiceUnion? = null,

    /**
     * Functions that the model may call. The client runs them.
     */
    val tools: List<Tool>? = null,

    @SerialName("top_logprobs")
    val topLogprobs: Long? = null,

    @SerialName("top_p")
    val topP: Double? = null,

    val truncation: Truncation? = null,
    val user: String? = null,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null
)

@Serializable
enum class Include(val value: String) {
    @SerialName("message.output_text.logprobs") MessageOutputTextLogprobs("message.output_text.logprobs"),
    @SerialName("reasoning.encrypted_content") ReasoningEncryptedContent("reasoning.encrypted_content");
}

/**
 * The prompt: a text, or messages and what tools have answered.
 */
@Serializable
sealed class InputUnion {
    class InputElementArrayValue(val value: List<InputElement>) : InputUnion()
    class StringValue(val value: String)                        : InputUnion()
}

@Serializable
data class InputElement (
    val arguments: String? = null,

    @SerialName("call_id")
    val callID: String? = null,

    val name: String? = null,
    val role: String? = null,
    val type: String? = null
)

@Serializable
enum class ServiceTier(val value: String) {
    @SerialName("auto") Auto("auto"),
    @SerialName("default") Default("default"),
    @SerialName("flex") Flex("flex");
}

@Serializable
sealed class ToolChoiceUnion {
    class EnumValue(val value: ToolChoiceEnum)             : ToolChoiceUnion()
    class ToolChoiceClassValue(val value: ToolChoiceClass) : ToolChoiceUnion()
}

@Serializable
data class ToolChoiceClass (
    val name: String? = null,
    val type: String
)

@Serializable
enum class ToolChoiceEnum(val value: String) {
    @SerialName("auto") Auto("auto"),
    @SerialName("none") None("none"),
    @SerialName("required") Required("required");
}

@Serializable
data class Tool (
    val name: String,
    val type: ToolType
)

@Serializable
enum class ToolType(val value: String) {
    @SerialName("function") Function("function");
}

@Serializable
enum class Truncation(val value: String) {
    @SerialName("auto") Auto("auto"),
    @SerialName("disabled") Disabled("disabled");
}

@Serializable
data class GenerateResponseResult (
    /**
     * The steps by which the answer came.
     */
    val deltas: List<Delta>,

    /**
     * Why it is incomplete: `max_output_tokens` or `content_filter`.
     */
    val reason: String? = null,

    val status: GenerateResponseResultStatus,

    /**
     * All of the text.
     */
    val text: String,

    /**
     * What the provider billed, in its own words.
     */
    val usage: UsageClass? = null
)

@Serializable
data class Delta (
    /**
     * A new output item begins.
     */
    val added: JsonObject? = null,

    /**
     * The next piece of the arguments of a function call.
     */
    val arguments: String? = null,

    /**
     * What has ended.
     */
    val done: Done? = null,

    /**
     * With `done`: the item as it is in the end, where it differs from its steps.
     */
    val item: JsonObject? = null,

    /**
     * A new part of the item begins; with `done`, the part as it is in the end.
     */
    val part: JsonObject? = null,

    /**
     * The next piece of its reasoning.
     */
    val reasoning: String? = null,

    /**
     * The next piece of the words with which the model declines.
     */
    val refusal: String? = null,

    /**
     * The next piece of the summary of its reasoning.
     */
    val summary: String? = null,

    /**
     * The next piece of the text.
     */
    val text: String? = null
)

/**
 * What has ended.
 */
@Serializable
enum class Done(val value: String) {
    @SerialName("item") Item("item"),
    @SerialName("part") Part("part"),
    @SerialName("text") Text("text");
}

@Serializable
enum class GenerateResponseResultStatus(val value: String) {
    @SerialName("completed") Completed("completed"),
    @SerialName("incomplete") Incomplete("incomplete");
}

/**
 * What the provider billed, in its own words.
 */
@Serializable
data class UsageClass (
    @SerialName("input_tokens")
    val inputTokens: Long,

    @SerialName("output_tokens")
    val outputTokens: Long,

    @SerialName("total_tokens")
    val totalTokens: Long
)

/**
 * An item is finished.
 */
@Serializable
data class ItemEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long,

    /**
     * Its place in the list, from 0.
     */
    val index: Long,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * The list of the result that it belongs to.
     */
    val list: String,

    val percent: Double,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    val type: ItemEventType,

    /**
     * The item, as it will stand in the result.
     */
    val value: JsonElement?
)

@Serializable
enum class ItemEventType(val value: String) {
    @SerialName("item") Item("item");
}

/**
 * A job. What has no value is absent, never null; times are in UTC (RFC 3339).
 */
@Serializable
data class Job (
    /**
     * Which attempt runs or ran last, from 1. A lost worker counts as an attempt, too.
     */
    val attempt: Long? = null,

    /**
     * When it is cancelled, if it has not ended by then.
     */
    val cancelAt: OffsetDateTime? = null,

    /**
     * When it was asked to cancel it.
     */
    val cancelRequestedAt: OffsetDateTime? = null,

    /**
     * Where the job is cancelled (POST).
     */
    @SerialName("cancelUrl")
    val cancelURL: String,

    /**
     * When it was submitted.
     */
    val createdAt: OffsetDateTime,

    /**
     * Why it failed.
     */
    val error: Problem? = null,

    /**
     * In how many seconds it will have ended, where that can be estimated.
     */
    val etaSeconds: Long? = null,

    /**
     * Until when it is kept, at least.
     */
    val expiresAt: OffsetDateTime? = null,

    /**
     * When it ended.
     */
    val finishedAt: OffsetDateTime? = null,

    /**
     * The fields of the submission that are not known, such as misspelt ones: 20 names at most.
     */
    val ignored: List<String>? = null,

    /**
     * With `?include=items`: the items that are finished so far, by the list that they belong
     * to.
     */
    val items: JsonObject? = null,

    /**
     * The id. It is hard to guess, and safe in an address.
     */
    @SerialName("jobId")
    val jobID: String,

    /**
     * The kind of job.
     */
    val kind: String,

    /**
     * How often the job is tried.
     */
    val maxAttempts: Long,

    /**
     * By which model.
     */
    val model: String? = null,

    val paused: PausedBy? = null,

    /**
     * Its place in the queue while it waits; 1 is next.
     */
    val position: Long? = null,

    val progress: Progress? = null,

    /**
     * Who gave the answer.
     */
    val provider: String? = null,

    /**
     * What the job has made; each kind has its own schema. Lists of jobs leave it out.
     */
    val result: JsonObject? = null,

    /**
     * When the next attempt is due, between two attempts.
     */
    val retryAt: OffsetDateTime? = null,

    /**
     * When it began to run.
     */
    val startedAt: OffsetDateTime? = null,

    /**
     * `queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
     * ends.
     */
    val status: JobStatus,

    /**
     * Where the job is as JSON. Where an identity is needed it has a token.
     */
    @SerialName("statusUrl")
    val statusURL: String,

    /**
     * Where the events of the job are, with a token.
     */
    @SerialName("streamUrl")
    val streamURL: String,

    val usage: Usage? = null
)

/**
 * There while the job waits because an operator has paused its kind, its provider or all
 * jobs.
 */
@Serializable
data class PausedBy (
    /**
     * Why, in the words of the operator.
     */
    val reason: String? = null,

    /**
     * Since when.
     */
    val since: OffsetDateTime,

    /**
     * When it ends by itself.
     */
    val until: OffsetDateTime? = null
)

/**
 * How far a job is.
 */
@Serializable
data class Progress (
    /**
     * How many items are finished.
     */
    val items: Long,

    /**
     * Of the whole job. It never falls.
     */
    val percent: Double,

    /**
     * What is being done.
     */
    val stage: String
)

/**
 * `queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
 * ends.
 */
@Serializable
enum class JobStatus(val value: String) {
    @SerialName("active") Active("active"),
    @SerialName("cancelled") Cancelled("cancelled"),
    @SerialName("completed") Completed("completed"),
    @SerialName("failed") Failed("failed"),
    @SerialName("queued") Queued("queued"),
    @SerialName("waiting") Waiting("waiting");
}

/**
 * An event in the stream of a job. The values of items and results are those of its kind.
 *
 * The status of the job now. It is a hint without an id, and is not sent again. Only the
 * first one of a stream that was opened by POST has an id, 0: a client that reconnects
 * shows by it that it does.
 *
 * A stage was reached. `percent` is of the whole job, and never falls.
 *
 * An item is finished.
 *
 * The job has led to another one.
 *
 * The job starts again. Items are kept, and their numbers go on.
 *
 * Drop everything of this job: all events are sent again, from the first. It has no id.
 *
 * Everything that was missed has been sent; what comes next is new. It has no id.
 *
 * The end: the job has its result. It counts more than the items before it.
 *
 * The end: the job has failed.
 *
 * The end: the job was cancelled. What it has used is known a little later, and in its
 * status.
 */
@Serializable
data class JobEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long? = null,

    /**
     * In how many seconds it will have ended, where that can be estimated.
     */
    val etaSeconds: Long? = null,

    /**
     * In the first frame after a POST: the fields of the submission that are not known.
     */
    val ignored: List<String>? = null,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val paused: PausedBy? = null,

    /**
     * Its place in the queue; 1 is next.
     */
    val position: Long? = null,

    /**
     * When the next attempt is due, between two attempts.
     */
    val retryAt: OffsetDateTime? = null,

    val status: JobEventStatus? = null,
    val type: JobEventType,
    val percent: Double? = null,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long? = null,

    /**
     * The stage that was reached.
     */
    val stage: String? = null,

    /**
     * Its place in the list, from 0.
     */
    val index: Long? = null,

    /**
     * The list of the result that it belongs to.
     */
    val list: String? = null,

    /**
     * The item, as it will stand in the result.
     */
    val value: JsonElement? = null,

    val child: ChildEventChild? = null,

    /**
     * Why the attempt before ended.
     */
    val code: String? = null,

    /**
     * How many finished items are kept.
     */
    val itemsKept: Long? = null,

    val result: JsonObject? = null,
    val usage: Usage? = null,
    val error: Problem? = null
)

@Serializable
enum class JobEventStatus(val value: String) {
    @SerialName("active") Active("active"),
    @SerialName("cancelled") Cancelled("cancelled"),
    @SerialName("completed") Completed("completed"),
    @SerialName("failed") Failed("failed"),
    @SerialName("waiting") Waiting("waiting");
}

@Serializable
enum class JobEventType(val value: String) {
    @SerialName("attempt") Attempt("attempt"),
    @SerialName("cancelled") Cancelled("cancelled"),
    @SerialName("child") Child("child"),
    @SerialName("completed") Completed("completed"),
    @SerialName("failed") Failed("failed"),
    @SerialName("item") Item("item"),
    @SerialName("live") Live("live"),
    @SerialName("progress") Progress("progress"),
    @SerialName("reset") Reset("reset"),
    @SerialName("status") Status("status");
}

/**
 * Everything that was missed has been sent; what comes next is new. It has no id.
 */
@Serializable
data class LiveEvent (
    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val type: LiveEventType
)

@Serializable
enum class LiveEventType(val value: String) {
    @SerialName("live") Live("live");
}

@Serializable
data class ProcessImageInput (
    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    /**
     * a photo or a drawing: image/png, image/jpeg, image/webp, image/heic, image/avif. Base64,
     * or a data URI.
     */
    val image: String,

    /**
     * The languages that the text may be in (BCP 47), the likeliest first.
     */
    val languages: List<String>? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    /**
     * The job that goes on with the text.
     */
    val then: Then? = null,

    /**
     * The other fields of that job's input.
     */
    val thenInput: JsonObject? = null,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null
)

/**
 * The job that goes on with the text.
 */
@Serializable
enum class Then(val value: String) {
    @SerialName("flashcards") Flashcards("flashcards"),
    @SerialName("lesson") Lesson("lesson");
}

@Serializable
data class ProcessImageResult (
    val child: ProcessImageResultChild? = null,

    /**
     * The height of the upright image, in pixels.
     */
    val height: Long,

    val lines: List<Line>,
    val text: String,

    /**
     * The width of the upright image, in pixels.
     */
    val width: Long
)

@Serializable
data class ProcessImageResultChild (
    @SerialName("jobId")
    val jobID: String,

    @SerialName("statusUrl")
    val statusURL: String,

    @SerialName("streamUrl")
    val streamURL: String
)

@Serializable
data class Line (
    /**
     * How sure the reader is, from 0 to 1.
     */
    val confidence: Double? = null,

    val polygon: List<List<Double>>? = null,
    val text: String,
    val words: List<LineWord>? = null
)

@Serializable
data class LineWord (
    /**
     * How sure the reader is, from 0 to 1.
     */
    val confidence: Double? = null,

    val polygon: List<List<Double>>? = null,
    val text: String
)

/**
 * A stage was reached. `percent` is of the whole job, and never falls.
 */
@Serializable
data class ProgressEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val percent: Double,

    /**
     * Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
     * may be left out.
     */
    val seq: Long,

    /**
     * The stage that was reached.
     */
    val stage: String,

    val type: ProgressEventType
)

@Serializable
enum class ProgressEventType(val value: String) {
    @SerialName("progress") Progress("progress");
}

@Serializable
data class PronunciationAssessInput (
    /**
     * a recording, 30 s long at most: audio/wav, audio/mp4, audio/3gpp, audio/aac, audio/mpeg,
     * audio/ogg, audio/webm. Base64, or a data URI.
     */
    val audio: String,

    /**
     * Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
     * In development http and this machine are allowed, too.
     */
    @SerialName("callbackUrl")
    val callbackURL: String? = null,

    /**
     * The language that is spoken (BCP 47), best with its region.
     */
    val language: String? = null,

    /**
     * An Expo push token. The phone gets a push notification when the job has ended, unless
     * somebody is there to see the end.
     */
    val pushToken: String? = null,

    /**
     * What the recording should say.
     */
    val referenceText: String,

    /**
     * Who the job is for. It counts only where no identity is needed, in development.
     */
    @SerialName("userId")
    val userID: String? = null
)

@Serializable
data class PronunciationAssessResult (
    /**
     * How long the recording is, in ms.
     */
    @SerialName("durationMs")
    val durationMS: Long,

    /**
     * There if a model has only estimated the scores.
     */
    val estimate: Boolean? = null,

    /**
     * What was heard.
     */
    val recognizedText: String,

    val scores: Scores,
    val words: List<PronunciationAssessResultWord>
)

@Serializable
data class Scores (
    /**
     * From 0 to 100.
     */
    val accuracy: Double,

    /**
     * From 0 to 100.
     */
    val completeness: Double,

    /**
     * From 0 to 100.
     */
    val fluency: Double,

    /**
     * From 0 to 100.
     */
    val pronunciation: Double,

    /**
     * From 0 to 100.
     */
    val prosody: Double? = null
)

@Serializable
data class PronunciationAssessResultWord (
    /**
     * From 0 to 100.
     */
    val accuracy: Double,

    @SerialName("durationMs")
    val durationMS: Long? = null,

    /**
     * `none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's.
     */
    val error: String,

    /**
     * Where in the recording it begins, in ms.
     */
    @SerialName("offsetMs")
    val offsetMS: Long? = null,

    val phonemes: List<Phoneme>? = null,
    val word: String
)

@Serializable
data class Phoneme (
    /**
     * From 0 to 100.
     */
    val accuracy: Double,

    val phoneme: String
)

/**
 * Drop everything of this job: all events are sent again, from the first. It has no id.
 */
@Serializable
data class ResetEvent (
    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val type: ResetEventType
)

@Serializable
enum class ResetEventType(val value: String) {
    @SerialName("reset") Reset("reset");
}

/**
 * The status of the job now. It is a hint without an id, and is not sent again. Only the
 * first one of a stream that was opened by POST has an id, 0: a client that reconnects
 * shows by it that it does.
 */
@Serializable
data class StatusEvent (
    /**
     * The attempt that it belongs to.
     */
    val attempt: Long? = null,

    /**
     * In how many seconds it will have ended, where that can be estimated.
     */
    val etaSeconds: Long? = null,

    /**
     * In the first frame after a POST: the fields of the submission that are not known.
     */
    val ignored: List<String>? = null,

    /**
     * The job.
     */
    @SerialName("jobId")
    val jobID: String,

    val paused: PausedBy? = null,

    /**
     * Its place in the queue; 1 is next.
     */
    val position: Long? = null,

    /**
     * When the next attempt is due, between two attempts.
     */
    val retryAt: OffsetDateTime? = null,

    val status: JobEventStatus,
    val type: StatusEventType
)

@Serializable
enum class StatusEventType(val value: String) {
    @SerialName("status") Status("status");
}

object OffsetDateTimeSerializer : KSerializer<OffsetDateTime> {
    override val descriptor: SerialDescriptor = PrimitiveSerialDescriptor("OffsetDateTime", PrimitiveKind.STRING)
    override fun deserialize(decoder: Decoder): OffsetDateTime = OffsetDateTime.parse(decoder.decodeString())
    override fun serialize(encoder: Encoder, value: OffsetDateTime) {
        encoder.encodeString(java.time.format.DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(value))
    }
}
