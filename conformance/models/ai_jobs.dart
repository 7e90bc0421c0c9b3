// Models of the HTTP contract, printed by `npm run models`; do not change them here. They are not compiled here.
// To parse this JSON data, do
//
//     final attemptEvent = attemptEventFromJson(jsonString);
//     final cancelledEvent = cancelledEventFromJson(jsonString);
//     final childEvent = childEventFromJson(jsonString);
//     final completedEvent = completedEventFromJson(jsonString);
//     final failedEvent = failedEventFromJson(jsonString);
//     final fieldError = fieldErrorFromJson(jsonString);
//     final generateAudioInput = generateAudioInputFromJson(jsonString);
//     final generateAudioResult = generateAudioResultFromJson(jsonString);
//     final generateFlashcardsInput = generateFlashcardsInputFromJson(jsonString);
//     final generateFlashcardsResult = generateFlashcardsResultFromJson(jsonString);
//     final generateLessonInput = generateLessonInputFromJson(jsonString);
//     final generateLessonResult = generateLessonResultFromJson(jsonString);
//     final generateResponseInput = generateResponseInputFromJson(jsonString);
//     final generateResponseResult = generateResponseResultFromJson(jsonString);
//     final itemEvent = itemEventFromJson(jsonString);
//     final job = jobFromJson(jsonString);
//     final jobEvent = jobEventFromJson(jsonString);
//     final liveEvent = liveEventFromJson(jsonString);
//     final pausedBy = pausedByFromJson(jsonString);
//     final problem = problemFromJson(jsonString);
//     final processImageInput = processImageInputFromJson(jsonString);
//     final processImageResult = processImageResultFromJson(jsonString);
//     final progress = progressFromJson(jsonString);
//     final progressEvent = progressEventFromJson(jsonString);
//     final pronunciationAssessInput = pronunciationAssessInputFromJson(jsonString);
//     final pronunciationAssessResult = pronunciationAssessResultFromJson(jsonString);
//     final resetEvent = resetEventFromJson(jsonString);
//     final statusEvent = statusEventFromJson(jsonString);
//     final usage = usageFromJson(jsonString);

import 'dart:convert';

AttemptEvent attemptEventFromJson(String str) => AttemptEvent.fromJson(json.decode(str));

String attemptEventToJson(AttemptEvent data) => json.encode(data.toJson());

CancelledEvent cancelledEventFromJson(String str) => CancelledEvent.fromJson(json.decode(str));

String cancelledEventToJson(CancelledEvent data) => json.encode(data.toJson());

ChildEvent childEventFromJson(String str) => ChildEvent.fromJson(json.decode(str));

String childEventToJson(ChildEvent data) => json.encode(data.toJson());

CompletedEvent completedEventFromJson(String str) => CompletedEvent.fromJson(json.decode(str));

String completedEventToJson(CompletedEvent data) => json.encode(data.toJson());

FailedEvent failedEventFromJson(String str) => FailedEvent.fromJson(json.decode(str));

String failedEventToJson(FailedEvent data) => json.encode(data.toJson());

FieldError fieldErrorFromJson(String str) => FieldError.fromJson(json.decode(str));

String fieldErrorToJson(FieldError data) => json.encode(data.toJson());

GenerateAudioInput generateAudioInputFromJson(String str) => GenerateAudioInput.fromJson(json.decode(str));

String generateAudioInputToJson(GenerateAudioInput data) => json.encode(data.toJson());

GenerateAudioResult generateAudioResultFromJson(String str) => GenerateAudioResult.fromJson(json.decode(str));

String generateAudioResultToJson(GenerateAudioResult data) => json.encode(data.toJson());

GenerateFlashcardsInput generateFlashcardsInputFromJson(String str) => GenerateFlashcardsInput.fromJson(json.decode(str));

String generateFlashcardsInputToJson(GenerateFlashcardsInput data) => json.encode(data.toJson());

GenerateFlashcardsResult generateFlashcardsResultFromJson(String str) => GenerateFlashcardsResult.fromJson(json.decode(str));

String generateFlashcardsResultToJson(GenerateFlashcardsResult data) => json.encode(data.toJson());

GenerateLessonInput generateLessonInputFromJson(String str) => GenerateLessonInput.fromJson(json.decode(str));

String generateLessonInputToJson(GenerateLessonInput data) => json.encode(data.toJson());

GenerateLessonResult generateLessonResultFromJson(String str) => GenerateLessonResult.fromJson(json.decode(str));

String generateLessonResultToJson(GenerateLessonResult data) => json.encode(data.toJson());

GenerateResponseInput generateResponseInputFromJson(String str) => GenerateResponseInput.fromJson(json.decode(str));

String generateResponseInputToJson(GenerateResponseInput data) => json.encode(data.toJson());

GenerateResponseResult generateResponseResultFromJson(String str) => GenerateResponseResult.fromJson(json.decode(str));

String generateResponseResultToJson(GenerateResponseResult data) => json.encode(data.toJson());

ItemEvent itemEventFromJson(String str) => ItemEvent.fromJson(json.decode(str));

String itemEventToJson(ItemEvent data) => json.encode(data.toJson());

Job jobFromJson(String str) => Job.fromJson(json.decode(str));

String jobToJson(Job data) => json.encode(data.toJson());

JobEvent jobEventFromJson(String str) => JobEvent.fromJson(json.decode(str));

String jobEventToJson(JobEvent data) => json.encode(data.toJson());

LiveEvent liveEventFromJson(String str) => LiveEvent.fromJson(json.decode(str));

String liveEventToJson(LiveEvent data) => json.encode(data.toJson());

PausedBy pausedByFromJson(String str) => PausedBy.fromJson(json.decode(str));

String pausedByToJson(PausedBy data) => json.encode(data.toJson());

Problem problemFromJson(String str) => Problem.fromJson(json.decode(str));

String problemToJson(Problem data) => json.encode(data.toJson());

ProcessImageInput processImageInputFromJson(String str) => ProcessImageInput.fromJson(json.decode(str));

String processImageInputToJson(ProcessImageInput data) => json.encode(data.toJson());

ProcessImageResult processImageResultFromJson(String str) => ProcessImageResult.fromJson(json.decode(str));

String processImageResultToJson(ProcessImageResult data) => json.encode(data.toJson());

Progress progressFromJson(String str) => Progress.fromJson(json.decode(str));

String progressToJson(Progress data) => json.encode(data.toJson());

ProgressEvent progressEventFromJson(String str) => ProgressEvent.fromJson(json.decode(str));

String progressEventToJson(ProgressEvent data) => json.encode(data.toJson());

PronunciationAssessInput pronunciationAssessInputFromJson(String str) => PronunciationAssessInput.fromJson(json.decode(str));

String pronunciationAssessInputToJson(PronunciationAssessInput data) => json.encode(data.toJson());

PronunciationAssessResult pronunciationAssessResultFromJson(String str) => PronunciationAssessResult.fromJson(json.decode(str));

String pronunciationAssessResultToJson(PronunciationAssessResult data) => json.encode(data.toJson());

ResetEvent resetEventFromJson(String str) => ResetEvent.fromJson(json.decode(str));

String resetEventToJson(ResetEvent data) => json.encode(data.toJson());

StatusEvent statusEventFromJson(String str) => StatusEvent.fromJson(json.decode(str));

String statusEventToJson(StatusEvent data) => json.encode(data.toJson());

Usage usageFromJson(String str) => Usage.fromJson(json.decode(str));

String usageToJson(Usage data) => json.encode(data.toJson());


///The job starts again. Items are kept, and their numbers go on.
class AttemptEvent {
    
    ///The attempt that it belongs to.
    final int attempt;
    
    ///Why the attempt before ended.
    final String code;
    
    ///How many finished items are kept.
    final int itemsKept;
    
    ///The job.
    final String jobId;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final AttemptEventType type;

    AttemptEvent({
        required this.attempt,
        required this.code,
        required this.itemsKept,
        required this.jobId,
        required this.seq,
        required this.type,
    });

    factory AttemptEvent.fromJson(Map<String, dynamic> json) => AttemptEvent(
        attempt: json["attempt"],
        code: json["code"],
        itemsKept: json["itemsKept"],
        jobId: json["jobId"],
        seq: json["seq"],
        type: attemptEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "code": code,
        "itemsKept": itemsKept,
        "jobId": jobId,
        "seq": seq,
        "type": attemptEventTypeValues.reverse[type],
    };
}

enum AttemptEventType {
    ATTEMPT
}

final attemptEventTypeValues = EnumValues({
    "attempt": AttemptEventType.ATTEMPT
});


///The end: the job was cancelled. What it has used is known a little later, and in its
///status.
class CancelledEvent {
    
    ///The job.
    final String jobId;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final CancelledEventType type;

    CancelledEvent({
        required this.jobId,
        required this.seq,
        required this.type,
    });

    factory CancelledEvent.fromJson(Map<String, dynamic> json) => CancelledEvent(
        jobId: json["jobId"],
        seq: json["seq"],
        type: cancelledEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "seq": seq,
        "type": cancelledEventTypeValues.reverse[type],
    };
}

enum CancelledEventType {
    CANCELLED
}

final cancelledEventTypeValues = EnumValues({
    "cancelled": CancelledEventType.CANCELLED
});


///The job has led to another one.
class ChildEvent {
    
    ///The attempt that it belongs to.
    final int attempt;
    final ChildEventChild child;
    
    ///The job.
    final String jobId;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final ChildEventType type;

    ChildEvent({
        required this.attempt,
        required this.child,
        required this.jobId,
        required this.seq,
        required this.type,
    });

    factory ChildEvent.fromJson(Map<String, dynamic> json) => ChildEvent(
        attempt: json["attempt"],
        child: ChildEventChild.fromJson(json["child"]),
        jobId: json["jobId"],
        seq: json["seq"],
        type: childEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "child": child.toJson(),
        "jobId": jobId,
        "seq": seq,
        "type": childEventTypeValues.reverse[type],
    };
}

class ChildEventChild {
    
    ///The other job.
    final String jobId;
    
    ///Where it is as JSON.
    final String statusUrl;
    
    ///Where its events are.
    final String streamUrl;

    ChildEventChild({
        required this.jobId,
        required this.statusUrl,
        required this.streamUrl,
    });

    factory ChildEventChild.fromJson(Map<String, dynamic> json) => ChildEventChild(
        jobId: json["jobId"],
        statusUrl: json["statusUrl"],
        streamUrl: json["streamUrl"],
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "statusUrl": statusUrl,
        "streamUrl": streamUrl,
    };
}

enum ChildEventType {
    CHILD
}

final childEventTypeValues = EnumValues({
    "child": ChildEventType.CHILD
});


///The end: the job has its result. It counts more than the items before it.
class CompletedEvent {
    
    ///The job.
    final String jobId;
    final Map<String, dynamic> result;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final CompletedEventType type;
    final Usage? usage;

    CompletedEvent({
        required this.jobId,
        required this.result,
        required this.seq,
        required this.type,
        this.usage,
    });

    factory CompletedEvent.fromJson(Map<String, dynamic> json) => CompletedEvent(
        jobId: json["jobId"],
        result: Map.from(json["result"]).map((k, v) => MapEntry<String, dynamic>(k, v)),
        seq: json["seq"],
        type: completedEventTypeValues.map[json["type"]]!,
        usage: json["usage"] == null ? null : Usage.fromJson(json["usage"]),
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "result": Map.from(result).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "seq": seq,
        "type": completedEventTypeValues.reverse[type],
        "usage": usage?.toJson(),
    };
}

enum CompletedEventType {
    COMPLETED
}

final completedEventTypeValues = EnumValues({
    "completed": CompletedEventType.COMPLETED
});


///What a job has used. What a provider does not bill is 0 or absent.
class Usage {
    
    ///Characters that were spoken.
    final int? characters;
    
    ///What it costs, in US dollars, where the price is known.
    final double? costUsd;
    
    ///How many items of models' answers were not usable. Absent if none.
    final int? dropped;
    
    ///Whether some of it is an estimate.
    final bool? estimated;
    
    ///Images that were read.
    final int? images;
    
    ///Tokens that went to a model.
    final int inputTokens;
    
    ///Tokens that a model wrote.
    final int outputTokens;
    
    ///Seconds of sound.
    final double? seconds;

    Usage({
        this.characters,
        this.costUsd,
        this.dropped,
        this.estimated,
        this.images,
        required this.inputTokens,
        required this.outputTokens,
        this.seconds,
    });

    factory Usage.fromJson(Map<String, dynamic> json) => Usage(
        characters: json["characters"],
        costUsd: json["costUsd"]?.toDouble(),
        dropped: json["dropped"],
        estimated: json["estimated"],
        images: json["images"],
        inputTokens: json["inputTokens"],
        outputTokens: json["outputTokens"],
        seconds: json["seconds"]?.toDouble(),
    );

    Map<String, dynamic> toJson() => {
        "characters": characters,
        "costUsd": costUsd,
        "dropped": dropped,
        "estimated": estimated,
        "images": images,
        "inputTokens": inputTokens,
        "outputTokens": outputTokens,
        "seconds": seconds,
    };
}


///The end: the job has failed.
class FailedEvent {
    final Problem error;
    
    ///The job.
    final String jobId;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final FailedEventType type;
    final Usage? usage;

    FailedEvent({
        required this.error,
        required this.jobId,
        required this.seq,
        required this.type,
        this.usage,
    });

    factory FailedEvent.fromJson(Map<String, dynamic> json) => FailedEvent(
        error: Problem.fromJson(json["error"]),
        jobId: json["jobId"],
        seq: json["seq"],
        type: failedEventTypeValues.map[json["type"]]!,
        usage: json["usage"] == null ? null : Usage.fromJson(json["usage"]),
    );

    Map<String, dynamic> toJson() => {
        "error": error.toJson(),
        "jobId": jobId,
        "seq": seq,
        "type": failedEventTypeValues.reverse[type],
        "usage": usage?.toJson(),
    };
}


///An error (RFC 9457). Programs use `code`; people read `detail`.
///
///Why it failed.
class Problem {
    
    ///The reason for programs. Codes may be added.
    final String code;
    
    ///This problem in words, with the way out.
    final String detail;
    
    ///The fields at fault.
    final List<FieldError>? errors;
    
    ///The job it is about.
    final String? jobId;
    
    ///The id under which the logs have the request.
    final String? requestId;
    
    ///Whether the same request may succeed later without a change.
    final bool retryable;
    
    ///The status of the answer. It is absent in the `error` of a job.
    final int? status;
    
    ///The problem in short; the same for every problem with this code.
    final String title;
    
    ///Identifies the problem. At this address it says what the code means and what to do.
    final String type;

    Problem({
        required this.code,
        required this.detail,
        this.errors,
        this.jobId,
        this.requestId,
        required this.retryable,
        this.status,
        required this.title,
        required this.type,
    });

    factory Problem.fromJson(Map<String, dynamic> json) => Problem(
        code: json["code"],
        detail: json["detail"],
        errors: json["errors"] == null ? [] : List<FieldError>.from(json["errors"]!.map((x) => FieldError.fromJson(x))),
        jobId: json["jobId"],
        requestId: json["requestId"],
        retryable: json["retryable"],
        status: json["status"],
        title: json["title"],
        type: json["type"],
    );

    Map<String, dynamic> toJson() => {
        "code": code,
        "detail": detail,
        "errors": errors == null ? [] : List<dynamic>.from(errors!.map((x) => x.toJson())),
        "jobId": jobId,
        "requestId": requestId,
        "retryable": retryable,
        "status": status,
        "title": title,
        "type": type,
    };
}

class FieldError {
    
    ///What is expected there.
    final String detail;
    
    ///The field, as a JSON Pointer in a URI fragment (RFC 6901): `#/count`.
    final String pointer;

    FieldError({
        required this.detail,
        required this.pointer,
    });

    factory FieldError.fromJson(Map<String, dynamic> json) => FieldError(
        detail: json["detail"],
        pointer: json["pointer"],
    );

    Map<String, dynamic> toJson() => {
        "detail": detail,
        "pointer": pointer,
    };
}

enum FailedEventType {
    FAILED
}

final failedEventTypeValues = EnumValues({
    "failed": FailedEventType.FAILED
});

class GenerateAudioInput {
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    
    ///The format of the file. A long text is too large as `wav`.
    final Format? format;
    
    ///The language of the text (BCP 47).
    final String? language;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    
    ///How fast it is spoken: 1 is the voice's own speed.
    final double? speed;
    
    ///What is spoken.
    final String text;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;
    
    ///A voice of the provider; without it, the provider's usual one for the language.
    final String? voice;

    GenerateAudioInput({
        this.callbackUrl,
        this.format,
        this.language,
        this.pushToken,
        this.speed,
        required this.text,
        this.userId,
        this.voice,
    });

    factory GenerateAudioInput.fromJson(Map<String, dynamic> json) => GenerateAudioInput(
        callbackUrl: json["callbackUrl"],
        format: formatValues.map[json["format"]],
        language: json["language"],
        pushToken: json["pushToken"],
        speed: json["speed"]?.toDouble(),
        text: json["text"],
        userId: json["userId"],
        voice: json["voice"],
    );

    Map<String, dynamic> toJson() => {
        "callbackUrl": callbackUrl,
        "format": formatValues.reverse[format],
        "language": language,
        "pushToken": pushToken,
        "speed": speed,
        "text": text,
        "userId": userId,
        "voice": voice,
    };
}


///The format of the file. A long text is too large as `wav`.
enum Format {
    MP3,
    WAV
}

final formatValues = EnumValues({
    "mp3": Format.MP3,
    "wav": Format.WAV
});

class GenerateAudioResult {
    final Audio audio;
    final List<Part> parts;

    GenerateAudioResult({
        required this.audio,
        required this.parts,
    });

    factory GenerateAudioResult.fromJson(Map<String, dynamic> json) => GenerateAudioResult(
        audio: Audio.fromJson(json["audio"]),
        parts: List<Part>.from(json["parts"].map((x) => Part.fromJson(x))),
    );

    Map<String, dynamic> toJson() => {
        "audio": audio.toJson(),
        "parts": List<dynamic>.from(parts.map((x) => x.toJson())),
    };
}

class Audio {
    final int bytes;
    final int durationMs;
    final String outputUrl;
    final String type;

    Audio({
        required this.bytes,
        required this.durationMs,
        required this.outputUrl,
        required this.type,
    });

    factory Audio.fromJson(Map<String, dynamic> json) => Audio(
        bytes: json["bytes"],
        durationMs: json["durationMs"],
        outputUrl: json["outputUrl"],
        type: json["type"],
    );

    Map<String, dynamic> toJson() => {
        "bytes": bytes,
        "durationMs": durationMs,
        "outputUrl": outputUrl,
        "type": type,
    };
}

class Part {
    final int bytes;
    final int durationMs;
    final String outputUrl;
    final String text;

    Part({
        required this.bytes,
        required this.durationMs,
        required this.outputUrl,
        required this.text,
    });

    factory Part.fromJson(Map<String, dynamic> json) => Part(
        bytes: json["bytes"],
        durationMs: json["durationMs"],
        outputUrl: json["outputUrl"],
        text: json["text"],
    );

    Map<String, dynamic> toJson() => {
        "bytes": bytes,
        "durationMs": durationMs,
        "outputUrl": outputUrl,
        "text": text,
    };
}

class GenerateFlashcardsInput {
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    
    ///The notes. They must have a word or a number in them.
    final String content;
    
    ///How many cards at most; short notes give fewer.
    final int? count;
    
    ///How difficult the cards should be, in any words.
    final String? difficulty;
    
    ///The language of the cards (BCP 47); without it, that of the notes.
    final String? language;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    
    ///The school subject.
    final String? subject;
    
    ///The topic within the subject.
    final String? topic;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;

    GenerateFlashcardsInput({
        this.callbackUrl,
        required this.content,
        this.count,
        this.difficulty,
        this.language,
        this.pushToken,
        this.subject,
        this.topic,
        this.userId,
    });

    factory GenerateFlashcardsInput.fromJson(Map<String, dynamic> json) => GenerateFlashcardsInput(
        callbackUrl: json["callbackUrl"],
        content: json["content"],
        count: json["count"],
        difficulty: json["difficulty"],
        language: json["language"],
        pushToken: json["pushToken"],
        subject: json["subject"],
        topic: json["topic"],
        userId: json["userId"],
    );

    Map<String, dynamic> toJson() => {
        "callbackUrl": callbackUrl,
        "content": content,
        "count": count,
        "difficulty": difficulty,
        "language": language,
        "pushToken": pushToken,
        "subject": subject,
        "topic": topic,
        "userId": userId,
    };
}

class GenerateFlashcardsResult {
    final List<Flashcard> flashcards;

    GenerateFlashcardsResult({
        required this.flashcards,
    });

    factory GenerateFlashcardsResult.fromJson(Map<String, dynamic> json) => GenerateFlashcardsResult(
        flashcards: List<Flashcard>.from(json["flashcards"].map((x) => Flashcard.fromJson(x))),
    );

    Map<String, dynamic> toJson() => {
        "flashcards": List<dynamic>.from(flashcards.map((x) => x.toJson())),
    };
}

class Flashcard {
    final String back;
    final String front;

    Flashcard({
        required this.back,
        required this.front,
    });

    factory Flashcard.fromJson(Map<String, dynamic> json) => Flashcard(
        back: json["back"],
        front: json["front"],
    );

    Map<String, dynamic> toJson() => {
        "back": back,
        "front": front,
    };
}

class GenerateLessonInput {
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    
    ///The notes. They or the topic must be there.
    final String? content;
    
    ///The language of the lesson (BCP 47); without it, that of the notes or the topic.
    final String? language;
    
    ///A level of the CEFR, such as "B1", or any other words for it.
    final String? level;
    
    ///The language of the learner (BCP 47): meanings and explanations are in it.
    final String? nativeLanguage;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    
    ///How many sections at most; short notes give fewer.
    final int? sections;
    
    ///The school subject.
    final String? subject;
    
    ///The topic. It or the notes must be there.
    final String? topic;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;

    GenerateLessonInput({
        this.callbackUrl,
        this.content,
        this.language,
        this.level,
        this.nativeLanguage,
        this.pushToken,
        this.sections,
        this.subject,
        this.topic,
        this.userId,
    });

    factory GenerateLessonInput.fromJson(Map<String, dynamic> json) => GenerateLessonInput(
        callbackUrl: json["callbackUrl"],
        content: json["content"],
        language: json["language"],
        level: json["level"],
        nativeLanguage: json["nativeLanguage"],
        pushToken: json["pushToken"],
        sections: json["sections"],
        subject: json["subject"],
        topic: json["topic"],
        userId: json["userId"],
    );

    Map<String, dynamic> toJson() => {
        "callbackUrl": callbackUrl,
        "content": content,
        "language": language,
        "level": level,
        "nativeLanguage": nativeLanguage,
        "pushToken": pushToken,
        "sections": sections,
        "subject": subject,
        "topic": topic,
        "userId": userId,
    };
}

class GenerateLessonResult {
    final Lesson lesson;

    GenerateLessonResult({
        required this.lesson,
    });

    factory GenerateLessonResult.fromJson(Map<String, dynamic> json) => GenerateLessonResult(
        lesson: Lesson.fromJson(json["lesson"]),
    );

    Map<String, dynamic> toJson() => {
        "lesson": lesson.toJson(),
    };
}

class Lesson {
    final List<Exercise> exercises;
    
    ///The language that the lesson is written in, where its author says so.
    final String? language;
    final List<String> objectives;
    final List<Section> sections;
    final String title;
    final List<Vocabulary> vocabulary;

    Lesson({
        required this.exercises,
        this.language,
        required this.objectives,
        required this.sections,
        required this.title,
        required this.vocabulary,
    });

    factory Lesson.fromJson(Map<String, dynamic> json) => Lesson(
        exercises: List<Exercise>.from(json["exercises"].map((x) => Exercise.fromJson(x))),
        language: json["language"],
        objectives: List<String>.from(json["objectives"].map((x) => x)),
        sections: List<Section>.from(json["sections"].map((x) => Section.fromJson(x))),
        title: json["title"],
        vocabulary: List<Vocabulary>.from(json["vocabulary"].map((x) => Vocabulary.fromJson(x))),
    );

    Map<String, dynamic> toJson() => {
        "exercises": List<dynamic>.from(exercises.map((x) => x.toJson())),
        "language": language,
        "objectives": List<dynamic>.from(objectives.map((x) => x)),
        "sections": List<dynamic>.from(sections.map((x) => x.toJson())),
        "title": title,
        "vocabulary": List<dynamic>.from(vocabulary.map((x) => x.toJson())),
    };
}

class Exercise {
    final String answer;
    final List<String>? choices;
    final String? explanation;
    final String question;

    Exercise({
        required this.answer,
        this.choices,
        this.explanation,
        required this.question,
    });

    factory Exercise.fromJson(Map<String, dynamic> json) => Exercise(
        answer: json["answer"],
        choices: json["choices"] == null ? [] : List<String>.from(json["choices"]!.map((x) => x)),
        explanation: json["explanation"],
        question: json["question"],
    );

    Map<String, dynamic> toJson() => {
        "answer": answer,
        "choices": choices == null ? [] : List<dynamic>.from(choices!.map((x) => x)),
        "explanation": explanation,
        "question": question,
    };
}

class Section {
    final String body;
    final List<String>? examples;
    final String heading;

    Section({
        required this.body,
        this.examples,
        required this.heading,
    });

    factory Section.fromJson(Map<String, dynamic> json) => Section(
        body: json["body"],
        examples: json["examples"] == null ? [] : List<String>.from(json["examples"]!.map((x) => x)),
        heading: json["heading"],
    );

    Map<String, dynamic> toJson() => {
        "body": body,
        "examples": examples == null ? [] : List<dynamic>.from(examples!.map((x) => x)),
        "heading": heading,
    };
}

class Vocabulary {
    final String? example;
    final String meaning;
    final String term;

    Vocabulary({
        this.example,
        required this.meaning,
        required this.term,
    });

    factory Vocabulary.fromJson(Map<String, dynamic> json) => Vocabulary(
        example: json["example"],
        meaning: json["meaning"],
        term: json["term"],
    );

    Map<String, dynamic> toJson() => {
        "example": example,
        "meaning": meaning,
        "term": term,
    };
}

class GenerateResponseInput {
    
    ///Shown again, and changes nothing: each response is a job.
    final bool? background;
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    final List<Include>? include;
    
    ///The prompt: a text, or messages and what tools have answered.
    final dynamic input;
    
    ///What the model is told before the input.
    final String? instructions;
    
    ///The most tokens of the answer, reasoning included.
    final int? maxOutputTokens;
    final int? maxToolCalls;
    
    ///Shown again.
    final Map<String, String>? metadata;
    
    ///One of the models that are set; without it, the first.
    final String? model;
    final bool? parallelToolCalls;
    final String? promptCacheKey;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    final Map<String, dynamic>? reasoning;
    final String? safetyIdentifier;
    final ServiceTier? serviceTier;
    
    ///`false`: the provider keeps nothing, so that an answer which is cut off can not go on.
    final bool? store;
    final double? temperature;
    
    ///The format of the text, such as a JSON schema.
    final Map<String, dynamic>? text;
    final dynamic toolChoice;
    
    ///Functions that the model may call. The client runs them.
    final List<Tool>? tools;
    final int? topLogprobs;
    final double? topP;
    final Truncation? truncation;
    final String? user;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;

    GenerateResponseInput({
        this.background,
        this.callbackUrl,
        this.include,
        required this.input,
        this.instructions,
        this.maxOutputTokens,
        this.maxToolCalls,
        this.metadata,
        this.model,
        this.parallelToolCalls,
        this.promptCacheKey,
        this.pushToken,
        this.reasoning,
        this.safetyIdentifier,
        this.serviceTier,
        this.store,
        this.temperature,
        this.text,
        this.toolChoice,
        this.tools,
        this.topLogprobs,
        this.topP,
        this.truncation,
        this.user,
        this.userId,
    });

    factory GenerateResponseInput.fromJson(Map<String, dynamic> json) => GenerateResponseInput(
        background: json["background"],
        callbackUrl: json["callbackUrl"],
        include: json["include"] == null ? [] : List<Include>.from(json["include"]!.map((x) => includeValues.map[x]!)),
        input: json["input"],
        instructions: json["instructions"],
        maxOutputTokens: json["max_output_tokens"],
        maxToolCalls: json["max_tool_calls"],
        metadata: Map.from(json["metadata"]!).map((k, v) => MapEntry<String, String>(k, v)),
        model: json["model"],
        parallelToolCalls: json["parallel_tool_calls"],
        promptCacheKey: json["prompt_cache_key"],
        pushToken: json["pushToken"],
        reasoning: Map.from(json["reasoning"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        safetyIdentifier: json["safety_identifier"],
        serviceTier: serviceTierValues.map[json["service_tier"]],
        store: json["store"],
        temperature: json["temperature"]?.toDouble(),
        text: Map.from(json["text"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        toolChoice: json["tool_choice"],
        tools: json["tools"] == null ? [] : List<Tool>.from(json["tools"]!.map((x) => Tool.fromJson(x))),
        topLogprobs: json["top_logprobs"],
        topP: json["top_p"]?.toDouble(),
        truncation: truncationValues.map[json["truncation"]],
        user: json["user"],
        userId: json["userId"],
    );

    Map<String, dynamic> toJson() => {
        "background": background,
        "callbackUrl": callbackUrl,
        "include": include == null ? [] : List<dynamic>.from(include!.map((x) => includeValues.reverse[x])),
        "input": input,
        "instructions": instructions,
        "max_output_tokens": maxOutputTokens,
        "max_tool_calls": maxToolCalls,
        "metadata": Map.from(metadata!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "model": model,
        "parallel_tool_calls": parallelToolCalls,
        "prompt_cache_key": promptCacheKey,
        "pushToken": pushToken,
        "reasoning": Map.from(reasoning!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "safety_identifier": safetyIdentifier,
        "service_tier": serviceTierValues.reverse[serviceTier],
        "store": store,
        "temperature": temperature,
        "text": Map.from(text!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "tool_choice": toolChoice,
        "tools": tools == null ? [] : List<dynamic>.from(tools!.map((x) => x.toJson())),
        "top_logprobs": topLogprobs,
        "top_p": topP,
        "truncation": truncationValues.reverse[truncation],
        "user": user,
        "userId": userId,
    };
}

enum Include {
    MESSAGE_OUTPUT_TEXT_LOGPROBS,
    REASONING_ENCRYPTED_CONTENT
}

final includeValues = EnumValues({
    "message.output_text.logprobs": Include.MESSAGE_OUTPUT_TEXT_LOGPROBS,
    "reasoning.encrypted_content": Include.REASONING_ENCRYPTED_CONTENT
});

class InputElement {
    final String? arguments;
    final String? callId;
    final String? name;
    final String? role;
    final String? type;

    InputElement({
        this.arguments,
        this.callId,
        this.name,
        this.role,
        this.type,
    });

    factory InputElement.fromJson(Map<String, dynamic> json) => InputElement(
        arguments: json["arguments"],
        callId: json["call_id"],
        name: json["name"],
        role: json["role"],
        type: json["type"],
    );

    Map<String, dynamic> toJson() => {
        "arguments": arguments,
        "call_id": callId,
        "name": name,
        "role": role,
        "type": type,
    };
}

enum ServiceTier {
    AUTO,
    DEFAULT,
    FLEX
}

final serviceTierValues = EnumValues({
    "auto": ServiceTier.AUTO,
    "default": ServiceTier.DEFAULT,
    "flex": ServiceTier.FLEX
});

class ToolChoiceClass {
    final String? name;
    final String type;

    ToolChoiceClass({
        this.name,
        required this.type,
    });

    factory ToolChoiceClass.fromJson(Map<String, dynamic> json) => ToolChoiceClass(
        name: json["name"],
        type: json["type"],
    );

    Map<String, dynamic> toJson() => {
        "name": name,
        "type": type,
    };
}

enum ToolChoiceEnum {
    AUTO,
    NONE,
    REQUIRED
}

final toolChoiceEnumValues = EnumValues({
    "auto": ToolChoiceEnum.AUTO,
    "none": ToolChoiceEnum.NONE,
    "required": ToolChoiceEnum.REQUIRED
});

class Tool {
    final String name;
    final ToolType type;

    Tool({
        required this.name,
        required this.type,
    });

    factory Tool.fromJson(Map<String, dynamic> json) => Tool(
        name: json["name"],
        type: toolTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "name": name,
        "type": toolTypeValues.reverse[type],
    };
}

enum ToolType {
    FUNCTION
}

final toolTypeValues = EnumValues({
    "function": ToolType.FUNCTION
});

enum Truncation {
    AUTO,
    DISABLED
}

final truncationValues = EnumValues({
    "auto": Truncation.AUTO,
    "disabled": Truncation.DISABLED
});

class GenerateResponseResult {
    
    ///The steps by which the answer came.
    final List<Delta> deltas;
    
    ///Why it is incomplete: `max_output_tokens` or `content_filter`.
    final String? reason;
    final GenerateResponseResultStatus status;
    
    ///All of the text.
    final String text;
    
    ///What the provider billed, in its own words.
    final UsageClass? usage;

    GenerateResponseResult({
        required this.deltas,
        this.reason,
        required this.status,
        required this.text,
        this.usage,
    });

    factory GenerateResponseResult.fromJson(Map<String, dynamic> json) => GenerateResponseResult(
        deltas: List<Delta>.from(json["deltas"].map((x) => Delta.fromJson(x))),
        reason: json["reason"],
        status: generateResponseResultStatusValues.map[json["status"]]!,
        text: json["text"],
        usage: json["usage"] == null ? null : UsageClass.fromJson(json["usage"]),
    );

    Map<String, dynamic> toJson() => {
        "deltas": List<dynamic>.from(deltas.map((x) => x.toJson())),
        "reason": reason,
        "status": generateResponseResultStatusValues.reverse[status],
        "text": text,
        "usage": usage?.toJson(),
    };
}

class Delta {
    
    ///A new output item begins.
    final Map<String, dynamic>? added;
    
    ///The next piece of the arguments of a function call.
    final String? arguments;
    
    ///What has ended.
    final Done? done;
    
    ///With `done`: the item as it is in the end, where it differs from its steps.
    final Map<String, dynamic>? item;
    
    ///A new part of the item begins; with `done`, the part as it is in the end.
    final Map<String, dynamic>? deltaPart;
    
    ///The next piece of its reasoning.
    final String? reasoning;
    
    ///The next piece of the words with which the model declines.
    final String? refusal;
    
    ///The next piece of the summary of its reasoning.
    final String? summary;
    
    ///The next piece of the text.
    final String? text;

    Delta({
        this.added,
        this.arguments,
        this.done,
        this.item,
        this.deltaPart,
        this.reasoning,
        this.refusal,
        this.summary,
        this.text,
    });

    factory Delta.fromJson(Map<String, dynamic> json) => Delta(
        added: Map.from(json["added"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        arguments: json["arguments"],
        done: doneValues.map[json["done"]],
        item: Map.from(json["item"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        deltaPart: Map.from(json["part"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        reasoning: json["reasoning"],
        refusal: json["refusal"],
        summary: json["summary"],
        text: json["text"],
    );

    Map<String, dynamic> toJson() => {
        "added": Map.from(added!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "arguments": arguments,
        "done": doneValues.reverse[done],
        "item": Map.from(item!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "part": Map.from(deltaPart!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "reasoning": reasoning,
        "refusal": refusal,
        "summary": summary,
        "text": text,
    };
}


///What has ended.
enum Done {
    ITEM,
    PART,
    TEXT
}

final doneValues = EnumValues({
    "item": Done.ITEM,
    "part": Done.PART,
    "text": Done.TEXT
});

enum GenerateResponseResultStatus {
    COMPLETED,
    INCOMPLETE
}

final generateResponseResultStatusValues = EnumValues({
    "completed": GenerateResponseResultStatus.COMPLETED,
    "incomplete": GenerateResponseResultStatus.INCOMPLETE
});


///What the provider billed, in its own words.
class UsageClass {
    final int inputTokens;
    final int outputTokens;
    final int totalTokens;

    UsageClass({
        required this.inputTokens,
        required this.outputTokens,
        required this.totalTokens,
    });

    factory UsageClass.fromJson(Map<String, dynamic> json) => UsageClass(
        inputTokens: json["input_tokens"],
        outputTokens: json["output_tokens"],
        totalTokens: json["total_tokens"],
    );

    Map<String, dynamic> toJson() => {
        "input_tokens": inputTokens,
        "output_tokens": outputTokens,
        "total_tokens": totalTokens,
    };
}


///An item is finished.
class ItemEvent {
    
    ///The attempt that it belongs to.
    final int attempt;
    
    ///Its place in the list, from 0.
    final int index;
    
    ///The job.
    final String jobId;
    
    ///The list of the result that it belongs to.
    final String list;
    final double percent;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    final ItemEventType type;
    
    ///The item, as it will stand in the result.
    final dynamic value;

    ItemEvent({
        required this.attempt,
        required this.index,
        required this.jobId,
        required this.list,
        required this.percent,
        required this.seq,
        required this.type,
        required this.value,
    });

    factory ItemEvent.fromJson(Map<String, dynamic> json) => ItemEvent(
        attempt: json["attempt"],
        index: json["index"],
        jobId: json["jobId"],
        list: json["list"],
        percent: json["percent"]?.toDouble(),
        seq: json["seq"],
        type: itemEventTypeValues.map[json["type"]]!,
        value: json["value"],
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "index": index,
        "jobId": jobId,
        "list": list,
        "percent": percent,
        "seq": seq,
        "type": itemEventTypeValues.reverse[type],
        "value": value,
    };
}

enum ItemEventType {
    ITEM
}

final itemEventTypeValues = EnumValues({
    "item": ItemEventType.ITEM
});


///A job. What has no value is absent, never null; times are in UTC (RFC 3339).
class Job {
    
    ///Which attempt runs or ran last, from 1. A lost worker counts as an attempt, too.
    final int? attempt;
    
    ///When it is cancelled, if it has not ended by then.
    final DateTime? cancelAt;
    
    ///When it was asked to cancel it.
    final DateTime? cancelRequestedAt;
    
    ///Where the job is cancelled (POST).
    final String cancelUrl;
    
    ///When it was submitted.
    final DateTime createdAt;
    
    ///Why it failed.
    final Problem? error;
    
    ///In how many seconds it will have ended, where that can be estimated.
    final int? etaSeconds;
    
    ///Until when it is kept, at least.
    final DateTime? expiresAt;
    
    ///When it ended.
    final DateTime? finishedAt;
    
    ///The fields of the submission that are not known, such as misspelt ones: 20 names at most.
    final List<String>? ignored;
    
    ///With `?include=items`: the items that are finished so far, by the list that they belong
    ///to.
    final Map<String, dynamic>? items;
    
    ///The id. It is hard to guess, and safe in an address.
    final String jobId;
    
    ///The kind of job.
    final String kind;
    
    ///How often the job is tried.
    final int maxAttempts;
    
    ///By which model.
    final String? model;
    final PausedBy? paused;
    
    ///Its place in the queue while it waits; 1 is next.
    final int? position;
    final Progress? progress;
    
    ///Who gave the answer.
    final String? provider;
    
    ///What the job has made; each kind has its own schema. Lists of jobs leave it out.
    final Map<String, dynamic>? result;
    
    ///When the next attempt is due, between two attempts.
    final DateTime? retryAt;
    
    ///When it began to run.
    final DateTime? startedAt;
    
    ///`queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
    ///ends.
    final JobStatus status;
    
    ///Where the job is as JSON. Where an identity is needed it has a token.
    final String statusUrl;
    
    ///Where the events of the job are, with a token.
    final String streamUrl;
    final Usage? usage;

    Job({
        this.attempt,
        this.cancelAt,
        this.cancelRequestedAt,
        required this.cancelUrl,
        required this.createdAt,
        this.error,
        this.etaSeconds,
        this.expiresAt,
        this.finishedAt,
        this.ignored,
        this.items,
        required this.jobId,
        required this.kind,
        required this.maxAttempts,
        this.model,
        this.paused,
        this.position,
        this.progress,
        this.provider,
        this.result,
        this.retryAt,
        this.startedAt,
        required this.status,
        required this.statusUrl,
        required this.streamUrl,
        this.usage,
    });

    factory Job.fromJson(Map<String, dynamic> json) => Job(
        attempt: json["attempt"],
        cancelAt: json["cancelAt"] == null ? null : DateTime.parse(json["cancelAt"]),
        cancelRequestedAt: json["cancelRequestedAt"] == null ? null : DateTime.parse(json["cancelRequestedAt"]),
        cancelUrl: json["cancelUrl"],
        createdAt: DateTime.parse(json["createdAt"]),
        error: json["error"] == null ? null : Problem.fromJson(json["error"]),
        etaSeconds: json["etaSeconds"],
        expiresAt: json["expiresAt"] == null ? null : DateTime.parse(json["expiresAt"]),
        finishedAt: json["finishedAt"] == null ? null : DateTime.parse(json["finishedAt"]),
        ignored: json["ignored"] == null ? [] : List<String>.from(json["ignored"]!.map((x) => x)),
        items: Map.from(json["items"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        jobId: json["jobId"],
        kind: json["kind"],
        maxAttempts: json["maxAttempts"],
        model: json["model"],
        paused: json["paused"] == null ? null : PausedBy.fromJson(json["paused"]),
        position: json["position"],
        progress: json["progress"] == null ? null : Progress.fromJson(json["progress"]),
        provider: json["provider"],
        result: Map.from(json["result"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        retryAt: json["retryAt"] == null ? null : DateTime.parse(json["retryAt"]),
        startedAt: json["startedAt"] == null ? null : DateTime.parse(json["startedAt"]),
        status: jobStatusValues.map[json["status"]]!,
        statusUrl: json["statusUrl"],
        streamUrl: json["streamUrl"],
        usage: json["usage"] == null ? null : Usage.fromJson(json["usage"]),
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "cancelAt": cancelAt?.toIso8601String(),
        "cancelRequestedAt": cancelRequestedAt?.toIso8601String(),
        "cancelUrl": cancelUrl,
        "createdAt": createdAt.toIso8601String(),
        "error": error?.toJson(),
        "etaSeconds": etaSeconds,
        "expiresAt": expiresAt?.toIso8601String(),
        "finishedAt": finishedAt?.toIso8601String(),
        "ignored": ignored == null ? [] : List<dynamic>.from(ignored!.map((x) => x)),
        "items": Map.from(items!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "jobId": jobId,
        "kind": kind,
        "maxAttempts": maxAttempts,
        "model": model,
        "paused": paused?.toJson(),
        "position": position,
        "progress": progress?.toJson(),
        "provider": provider,
        "result": Map.from(result!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "retryAt": retryAt?.toIso8601String(),
        "startedAt": startedAt?.toIso8601String(),
        "status": jobStatusValues.reverse[status],
        "statusUrl": statusUrl,
        "streamUrl": streamUrl,
        "usage": usage?.toJson(),
    };
}


///There while the job waits because an operator has paused its kind, its provider or all
///jobs.
class PausedBy {
    
    ///Why, in the words of the operator.
    final String? reason;
    
    ///Since when.
    final DateTime since;
    
    ///When it ends by itself.
    final DateTime? until;

    PausedBy({
        this.reason,
        required this.since,
        this.until,
    });

    factory PausedBy.fromJson(Map<String, dynamic> json) => PausedBy(
        reason: json["reason"],
        since: DateTime.parse(json["since"]),
        until: json["until"] == null ? null : DateTime.parse(json["until"]),
    );

    Map<String, dynamic> toJson() => {
        "reason": reason,
        "since": since.toIso8601String(),
        "until": until?.toIso8601String(),
    };
}


///How far a job is.
class Progress {
    
    ///How many items are finished.
    final int items;
    
    ///Of the whole job. It never falls.
    final double percent;
    
    ///What is being done.
    final String stage;

    Progress({
        required this.items,
        required this.percent,
        required this.stage,
    });

    factory Progress.fromJson(Map<String, dynamic> json) => Progress(
        items: json["items"],
        percent: json["percent"]?.toDouble(),
        stage: json["stage"],
    );

    Map<String, dynamic> toJson() => {
        "items": items,
        "percent": percent,
        "stage": stage,
    };
}


///`queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are
///ends.
enum JobStatus {
    ACTIVE,
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    WAITING
}

final jobStatusValues = EnumValues({
    "active": JobStatus.ACTIVE,
    "cancelled": JobStatus.CANCELLED,
    "completed": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED,
    "queued": JobStatus.QUEUED,
    "waiting": JobStatus.WAITING
});


///An event in the stream of a job. The values of items and results are those of its kind.
///
///The status of the job now. It is a hint without an id, and is not sent again. Only the
///first one of a stream that was opened by POST has an id, 0: a client that reconnects
///shows by it that it does.
///
///A stage was reached. `percent` is of the whole job, and never falls.
///
///An item is finished.
///
///The job has led to another one.
///
///The job starts again. Items are kept, and their numbers go on.
///
///Drop everything of this job: all events are sent again, from the first. It has no id.
///
///Everything that was missed has been sent; what comes next is new. It has no id.
///
///The end: the job has its result. It counts more than the items before it.
///
///The end: the job has failed.
///
///The end: the job was cancelled. What it has used is known a little later, and in its
///status.
class JobEvent {
    
    ///The attempt that it belongs to.
    final int? attempt;
    
    ///In how many seconds it will have ended, where that can be estimated.
    final int? etaSeconds;
    
    ///In the first frame after a POST: the fields of the submission that are not known.
    final List<String>? ignored;
    
    ///The job.
    final String jobId;
    final PausedBy? paused;
    
    ///Its place in the queue; 1 is next.
    final int? position;
    
    ///When the next attempt is due, between two attempts.
    final DateTime? retryAt;
    final JobEventStatus? status;
    final JobEventType type;
    final double? percent;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int? seq;
    
    ///The stage that was reached.
    final String? stage;
    
    ///Its place in the list, from 0.
    final int? index;
    
    ///The list of the result that it belongs to.
    final String? list;
    
    ///The item, as it will stand in the result.
    final dynamic value;
    final ChildEventChild? child;
    
    ///Why the attempt before ended.
    final String? code;
    
    ///How many finished items are kept.
    final int? itemsKept;
    final Map<String, dynamic>? result;
    final Usage? usage;
    final Problem? error;

    JobEvent({
        this.attempt,
        this.etaSeconds,
        this.ignored,
        required this.jobId,
        this.paused,
        this.position,
        this.retryAt,
        this.status,
        required this.type,
        this.percent,
        this.seq,
        this.stage,
        this.index,
        this.list,
        this.value,
        this.child,
        this.code,
        this.itemsKept,
        this.result,
        this.usage,
        this.error,
    });

    factory JobEvent.fromJson(Map<String, dynamic> json) => JobEvent(
        attempt: json["attempt"],
        etaSeconds: json["etaSeconds"],
        ignored: json["ignored"] == null ? [] : List<String>.from(json["ignored"]!.map((x) => x)),
        jobId: json["jobId"],
        paused: json["paused"] == null ? null : PausedBy.fromJson(json["paused"]),
        position: json["position"],
        retryAt: json["retryAt"] == null ? null : DateTime.parse(json["retryAt"]),
        status: jobEventStatusValues.map[json["status"]],
        type: jobEventTypeValues.map[json["type"]]!,
        percent: json["percent"]?.toDouble(),
        seq: json["seq"],
        stage: json["stage"],
        index: json["index"],
        list: json["list"],
        value: json["value"],
        child: json["child"] == null ? null : ChildEventChild.fromJson(json["child"]),
        code: json["code"],
        itemsKept: json["itemsKept"],
        result: Map.from(json["result"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        usage: json["usage"] == null ? null : Usage.fromJson(json["usage"]),
        error: json["error"] == null ? null : Problem.fromJson(json["error"]),
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "etaSeconds": etaSeconds,
        "ignored": ignored == null ? [] : List<dynamic>.from(ignored!.map((x) => x)),
        "jobId": jobId,
        "paused": paused?.toJson(),
        "position": position,
        "retryAt": retryAt?.toIso8601String(),
        "status": jobEventStatusValues.reverse[status],
        "type": jobEventTypeValues.reverse[type],
        "percent": percent,
        "seq": seq,
        "stage": stage,
        "index": index,
        "list": list,
        "value": value,
        "child": child?.toJson(),
        "code": code,
        "itemsKept": itemsKept,
        "result": Map.from(result!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "usage": usage?.toJson(),
        "error": error?.toJson(),
    };
}

enum JobEventStatus {
    ACTIVE,
    CANCELLED,
    COMPLETED,
    FAILED,
    WAITING
}

final jobEventStatusValues = EnumValues({
    "active": JobEventStatus.ACTIVE,
    "cancelled": JobEventStatus.CANCELLED,
    "completed": JobEventStatus.COMPLETED,
    "failed": JobEventStatus.FAILED,
    "waiting": JobEventStatus.WAITING
});

enum JobEventType {
    ATTEMPT,
    CANCELLED,
    CHILD,
    COMPLETED,
    FAILED,
    ITEM,
    LIVE,
    PROGRESS,
    RESET,
    STATUS
}

final jobEventTypeValues = EnumValues({
    "attempt": JobEventType.ATTEMPT,
    "cancelled": JobEventType.CANCELLED,
    "child": JobEventType.CHILD,
    "completed": JobEventType.COMPLETED,
    "failed": JobEventType.FAILED,
    "item": JobEventType.ITEM,
    "live": JobEventType.LIVE,
    "progress": JobEventType.PROGRESS,
    "reset": JobEventType.RESET,
    "status": JobEventType.STATUS
});


///Everything that was missed has been sent; what comes next is new. It has no id.
class LiveEvent {
    
    ///The job.
    final String jobId;
    final LiveEventType type;

    LiveEvent({
        required this.jobId,
        required this.type,
    });

    factory LiveEvent.fromJson(Map<String, dynamic> json) => LiveEvent(
        jobId: json["jobId"],
        type: liveEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "type": liveEventTypeValues.reverse[type],
    };
}

enum LiveEventType {
    LIVE
}

final liveEventTypeValues = EnumValues({
    "live": LiveEventType.LIVE
});

class ProcessImageInput {
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    
    ///a photo or a drawing: image/png, image/jpeg, image/webp, image/heic, image/avif. Base64,
    ///or a data URI.
    final String image;
    
    ///The languages that the text may be in (BCP 47), the likeliest first.
    final List<String>? languages;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    
    ///The job that goes on with the text.
    final Then? then;
    
    ///The other fields of that job's input.
    final Map<String, dynamic>? thenInput;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;

    ProcessImageInput({
        this.callbackUrl,
        required this.image,
        this.languages,
        this.pushToken,
        this.then,
        this.thenInput,
        this.userId,
    });

    factory ProcessImageInput.fromJson(Map<String, dynamic> json) => ProcessImageInput(
        callbackUrl: json["callbackUrl"],
        image: json["image"],
        languages: json["languages"] == null ? [] : List<String>.from(json["languages"]!.map((x) => x)),
        pushToken: json["pushToken"],
        then: thenValues.map[json["then"]],
        thenInput: Map.from(json["thenInput"]!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        userId: json["userId"],
    );

    Map<String, dynamic> toJson() => {
        "callbackUrl": callbackUrl,
        "image": image,
        "languages": languages == null ? [] : List<dynamic>.from(languages!.map((x) => x)),
        "pushToken": pushToken,
        "then": thenValues.reverse[then],
        "thenInput": Map.from(thenInput!).map((k, v) => MapEntry<String, dynamic>(k, v)),
        "userId": userId,
    };
}


///The job that goes on with the text.
enum Then {
    FLASHCARDS,
    LESSON
}

final thenValues = EnumValues({
    "flashcards": Then.FLASHCARDS,
    "lesson": Then.LESSON
});

class ProcessImageResult {
    final ProcessImageResultChild? child;
    
    ///The height of the upright image, in pixels.
    final int height;
    final List<Line> lines;
    final String text;
    
    ///The width of the upright image, in pixels.
    final int width;

    ProcessImageResult({
        this.child,
        required this.height,
        required this.lines,
        required this.text,
        required this.width,
    });

    factory ProcessImageResult.fromJson(Map<String, dynamic> json) => ProcessImageResult(
        child: json["child"] == null ? null : ProcessImageResultChild.fromJson(json["child"]),
        height: json["height"],
        lines: List<Line>.from(json["lines"].map((x) => Line.fromJson(x))),
        text: json["text"],
        width: json["width"],
    );

    Map<String, dynamic> toJson() => {
        "child": child?.toJson(),
        "height": height,
        "lines": List<dynamic>.from(lines.map((x) => x.toJson())),
        "text": text,
        "width": width,
    };
}

class ProcessImageResultChild {
    final String jobId;
    final String statusUrl;
    final String streamUrl;

    ProcessImageResultChild({
        required this.jobId,
        required this.statusUrl,
        required this.streamUrl,
    });

    factory ProcessImageResultChild.fromJson(Map<String, dynamic> json) => ProcessImageResultChild(
        jobId: json["jobId"],
        statusUrl: json["statusUrl"],
        streamUrl: json["streamUrl"],
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "statusUrl": statusUrl,
        "streamUrl": streamUrl,
    };
}

class Line {
    
    ///How sure the reader is, from 0 to 1.
    final double? confidence;
    final List<List<double>>? polygon;
    final String text;
    final List<LineWord>? words;

    Line({
        this.confidence,
        this.polygon,
        required this.text,
        this.words,
    });

    factory Line.fromJson(Map<String, dynamic> json) => Line(
        confidence: json["confidence"]?.toDouble(),
        polygon: json["polygon"] == null ? [] : List<List<double>>.from(json["polygon"]!.map((x) => List<double>.from(x.map((x) => x?.toDouble())))),
        text: json["text"],
        words: json["words"] == null ? [] : List<LineWord>.from(json["words"]!.map((x) => LineWord.fromJson(x))),
    );

    Map<String, dynamic> toJson() => {
        "confidence": confidence,
        "polygon": polygon == null ? [] : List<dynamic>.from(polygon!.map((x) => List<dynamic>.from(x.map((x) => x)))),
        "text": text,
        "words": words == null ? [] : List<dynamic>.from(words!.map((x) => x.toJson())),
    };
}

class LineWord {
    
    ///How sure the reader is, from 0 to 1.
    final double? confidence;
    final List<List<double>>? polygon;
    final String text;

    LineWord({
        this.confidence,
        this.polygon,
        required this.text,
    });

    factory LineWord.fromJson(Map<String, dynamic> json) => LineWord(
        confidence: json["confidence"]?.toDouble(),
        polygon: json["polygon"] == null ? [] : List<List<double>>.from(json["polygon"]!.map((x) => List<double>.from(x.map((x) => x?.toDouble())))),
        text: json["text"],
    );

    Map<String, dynamic> toJson() => {
        "confidence": confidence,
        "polygon": polygon == null ? [] : List<dynamic>.from(polygon!.map((x) => List<dynamic>.from(x.map((x) => x)))),
        "text": text,
    };
}


///A stage was reached. `percent` is of the whole job, and never falls.
class ProgressEvent {
    
    ///The attempt that it belongs to.
    final int attempt;
    
    ///The job.
    final String jobId;
    final double percent;
    
    ///Its number in the journal of the job, which is the `id` of the event. Numbers grow; some
    ///may be left out.
    final int seq;
    
    ///The stage that was reached.
    final String stage;
    final ProgressEventType type;

    ProgressEvent({
        required this.attempt,
        required this.jobId,
        required this.percent,
        required this.seq,
        required this.stage,
        required this.type,
    });

    factory ProgressEvent.fromJson(Map<String, dynamic> json) => ProgressEvent(
        attempt: json["attempt"],
        jobId: json["jobId"],
        percent: json["percent"]?.toDouble(),
        seq: json["seq"],
        stage: json["stage"],
        type: progressEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "jobId": jobId,
        "percent": percent,
        "seq": seq,
        "stage": stage,
        "type": progressEventTypeValues.reverse[type],
    };
}

enum ProgressEventType {
    PROGRESS
}

final progressEventTypeValues = EnumValues({
    "progress": ProgressEventType.PROGRESS
});

class PronunciationAssessInput {
    
    ///a recording, 30 s long at most: audio/wav, audio/mp4, audio/3gpp, audio/aac, audio/mpeg,
    ///audio/ogg, audio/webm. Base64, or a data URI.
    final String audio;
    
    ///Where a signed webhook goes when the job has ended: a public https URL. It needs a user.
    ///In development http and this machine are allowed, too.
    final String? callbackUrl;
    
    ///The language that is spoken (BCP 47), best with its region.
    final String? language;
    
    ///An Expo push token. The phone gets a push notification when the job has ended, unless
    ///somebody is there to see the end.
    final String? pushToken;
    
    ///What the recording should say.
    final String referenceText;
    
    ///Who the job is for. It counts only where no identity is needed, in development.
    final String? userId;

    PronunciationAssessInput({
        required this.audio,
        this.callbackUrl,
        this.language,
        this.pushToken,
        required this.referenceText,
        this.userId,
    });

    factory PronunciationAssessInput.fromJson(Map<String, dynamic> json) => PronunciationAssessInput(
        audio: json["audio"],
        callbackUrl: json["callbackUrl"],
        language: json["language"],
        pushToken: json["pushToken"],
        referenceText: json["referenceText"],
        userId: json["userId"],
    );

    Map<String, dynamic> toJson() => {
        "audio": audio,
        "callbackUrl": callbackUrl,
        "language": language,
        "pushToken": pushToken,
        "referenceText": referenceText,
        "userId": userId,
    };
}

class PronunciationAssessResult {
    
    ///How long the recording is, in ms.
    final int durationMs;
    
    ///There if a model has only estimated the scores.
    final bool? estimate;
    
    ///What was heard.
    final String recognizedText;
    final Scores scores;
    final List<PronunciationAssessResultWord> words;

    PronunciationAssessResult({
        required this.durationMs,
        this.estimate,
        required this.recognizedText,
        required this.scores,
        required this.words,
    });

    factory PronunciationAssessResult.fromJson(Map<String, dynamic> json) => PronunciationAssessResult(
        durationMs: json["durationMs"],
        estimate: json["estimate"],
        recognizedText: json["recognizedText"],
        scores: Scores.fromJson(json["scores"]),
        words: List<PronunciationAssessResultWord>.from(json["words"].map((x) => PronunciationAssessResultWord.fromJson(x))),
    );

    Map<String, dynamic> toJson() => {
        "durationMs": durationMs,
        "estimate": estimate,
        "recognizedText": recognizedText,
        "scores": scores.toJson(),
        "words": List<dynamic>.from(words.map((x) => x.toJson())),
    };
}

class Scores {
    
    ///From 0 to 100.
    final double accuracy;
    
    ///From 0 to 100.
    final double completeness;
    
    ///From 0 to 100.
    final double fluency;
    
    ///From 0 to 100.
    final double pronunciation;
    
    ///From 0 to 100.
    final double? prosody;

    Scores({
        required this.accuracy,
        required this.completeness,
        required this.fluency,
        required this.pronunciation,
        this.prosody,
    });

    factory Scores.fromJson(Map<String, dynamic> json) => Scores(
        accuracy: json["accuracy"]?.toDouble(),
        completeness: json["completeness"]?.toDouble(),
        fluency: json["fluency"]?.toDouble(),
        pronunciation: json["pronunciation"]?.toDouble(),
        prosody: json["prosody"]?.toDouble(),
    );

    Map<String, dynamic> toJson() => {
        "accuracy": accuracy,
        "completeness": completeness,
        "fluency": fluency,
        "pronunciation": pronunciation,
        "prosody": prosody,
    };
}

class PronunciationAssessResultWord {
    
    ///From 0 to 100.
    final double accuracy;
    final int? durationMs;
    
    ///`none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's.
    final String error;
    
    ///Where in the recording it begins, in ms.
    final int? offsetMs;
    final List<Phoneme>? phonemes;
    final String word;

    PronunciationAssessResultWord({
        required this.accuracy,
        this.durationMs,
        required this.error,
        this.offsetMs,
        this.phonemes,
        required this.word,
    });

    factory PronunciationAssessResultWord.fromJson(Map<String, dynamic> json) => PronunciationAssessResultWord(
        accuracy: json["accuracy"]?.toDouble(),
        durationMs: json["durationMs"],
        error: json["error"],
        offsetMs: json["offsetMs"],
        phonemes: json["phonemes"] == null ? [] : List<Phoneme>.from(json["phonemes"]!.map((x) => Phoneme.fromJson(x))),
        word: json["word"],
    );

    Map<String, dynamic> toJson() => {
        "accuracy": accuracy,
        "durationMs": durationMs,
        "error": error,
        "offsetMs": offsetMs,
        "phonemes": phonemes == null ? [] : List<dynamic>.from(phonemes!.map((x) => x.toJson())),
        "word": word,
    };
}

class Phoneme {
    
    ///From 0 to 100.
    final double accuracy;
    final String phoneme;

    Phoneme({
        required this.accuracy,
        required this.phoneme,
    });

    factory Phoneme.fromJson(Map<String, dynamic> json) => Phoneme(
        accuracy: json["accuracy"]?.toDouble(),
        phoneme: json["phoneme"],
    );

    Map<String, dynamic> toJson() => {
        "accuracy": accuracy,
        "phoneme": phoneme,
    };
}


///Drop everything of this job: all events are sent again, from the first. It has no id.
class ResetEvent {
    
    ///The job.
    final String jobId;
    final ResetEventType type;

    ResetEvent({
        required this.jobId,
        required this.type,
    });

    factory ResetEvent.fromJson(Map<String, dynamic> json) => ResetEvent(
        jobId: json["jobId"],
        type: resetEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "jobId": jobId,
        "type": resetEventTypeValues.reverse[type],
    };
}

enum ResetEventType {
    RESET
}

final resetEventTypeValues = EnumValues({
    "reset": ResetEventType.RESET
});


///The status of the job now. It is a hint without an id, and is not sent again. Only the
///first one of a stream that was opened by POST has an id, 0: a client that reconnects
///shows by it that it does.
class StatusEvent {
    
    ///The attempt that it belongs to.
    final int? attempt;
    
    ///In how many seconds it will have ended, where that can be estimated.
    final int? etaSeconds;
    
    ///In the first frame after a POST: the fields of the submission that are not known.
    final List<String>? ignored;
    
    ///The job.
    final String jobId;
    final PausedBy? paused;
    
    ///Its place in the queue; 1 is next.
    final int? position;
    
    ///When the next attempt is due, between two attempts.
    final DateTime? retryAt;
    final JobEventStatus status;
    final StatusEventType type;

    StatusEvent({
        this.attempt,
        this.etaSeconds,
        this.ignored,
        required this.jobId,
        this.paused,
        this.position,
        this.retryAt,
        required this.status,
        required this.type,
    });

    factory StatusEvent.fromJson(Map<String, dynamic> json) => StatusEvent(
        attempt: json["attempt"],
        etaSeconds: json["etaSeconds"],
        ignored: json["ignored"] == null ? [] : List<String>.from(json["ignored"]!.map((x) => x)),
        jobId: json["jobId"],
        paused: json["paused"] == null ? null : PausedBy.fromJson(json["paused"]),
        position: json["position"],
        retryAt: json["retryAt"] == null ? null : DateTime.parse(json["retryAt"]),
        status: jobEventStatusValues.map[json["status"]]!,
        type: statusEventTypeValues.map[json["type"]]!,
    );

    Map<String, dynamic> toJson() => {
        "attempt": attempt,
        "etaSeconds": etaSeconds,
        "ignored": ignored == null ? [] : List<dynamic>.from(ignored!.map((x) => x)),
        "jobId": jobId,
        "paused": paused?.toJson(),
        "position": position,
        "retryAt": retryAt?.toIso8601String(),
        "status": jobEventStatusValues.reverse[status],
        "type": statusEventTypeValues.reverse[type],
    };
}

enum StatusEventType {
    STATUS
}

final statusEventTypeValues = EnumValues({
    "status": StatusEventType.STATUS
});

class EnumValues<T> {
    Map<String, T> map;
    late Map<T, String> reverseMap;

    EnumValues(this.map);

    Map<T, String> get reverse {
            reverseMap = map.map((k, v) => MapEntry(v, k));
            return reverseMap;
    }
}
