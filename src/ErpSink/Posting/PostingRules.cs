using Streams.ErpSink.Ledger;
using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>Where an answer leaves a document: the state machine's edges, without a database and without a clock.</summary>
public sealed class PostingRules(PostingOptions options, Pauses pauses)
{
    /// <summary>Months that a document is moved on by, at most, in search of an open period.</summary>
    const int MaxMoves = 12;

    const string JobOverdue = "the ERP took the document into a job that has not ended in its time, and does not have it: see to it that the job cannot run any more, then retry";

    /// <summary>After a call that was to make the record.</summary>
    public Settlement AfterPost(ClaimedDocument claim, ErpDocument document, ErpAnswer answer)
    {
        var key = claim.DocumentKey;
        return answer.Outcome switch
        {
            // The read-back follows at once; should this process die before, the next one makes it.
            ErpOutcome.Created or ErpOutcome.Duplicate => new(key, answer, DocumentState.Created) { KeepsClaim = true },
            ErpOutcome.Accepted => new(key, answer, DocumentState.Accepted) { Delay = options.JobSpacing },
            ErpOutcome.Throttled or ErpOutcome.Unauthorized => new(key, answer, DocumentState.Planned) { Uncounted = true },
            ErpOutcome.NotSent => new(key, answer, DocumentState.Planned) { Uncounted = true, Delay = pauses.AfterFailure(claim.Attempts) },
            ErpOutcome.Validation => new(key, answer, DocumentState.Refused),
            ErpOutcome.PeriodClosed => AfterClosedPeriod(claim, document, answer),
            _ => new(key, answer, DocumentState.Unknown) { Delay = options.SettleDelay },
        };
    }

    /// <summary>After a call or a job that was refused as a whole: half as many in the next one, until the culprit is alone.</summary>
    public Settlement Split(ClaimedDocument claim, ErpAnswer answer, int documents) =>
        new(claim.DocumentKey, answer with { Code = "BATCH_REFUSED" }, DocumentState.Planned) { Uncounted = true, Split = Math.Max(1, documents / 2) };

    /// <summary>After a look-up of a document in any state of which it is not known that it is in the ledger of the ERP. What a job refused, it refuses as a call does.</summary>
    public Settlement AfterLookUp(ClaimedDocument claim, ErpDocument document, ErpAnswer answer)
    {
        if (claim.State == DocumentState.Comparing) return AfterComparison(claim, answer);
        return answer.Outcome switch
        {
            ErpOutcome.Found => new(claim.DocumentKey, answer, DocumentState.Confirmed),
            ErpOutcome.Unposted => new(claim.DocumentKey, answer, DocumentState.Created) { Delay = options.LookupSpacing },
            ErpOutcome.Validation when answer.RefusedTogether is { } documents && IsOfItsJob(claim) => SentAgain(claim, answer, Split(claim, answer, documents)),
            ErpOutcome.Different or ErpOutcome.Validation => new(claim.DocumentKey, answer, DocumentState.Refused),
            ErpOutcome.PeriodClosed => AfterClosedPeriod(claim, document, answer),
            ErpOutcome.Absent when claim is { State: DocumentState.Accepted, Job: null } => new(claim.DocumentKey, answer with { Code = "JOB_OVERDUE", Detail = JobOverdue }, DocumentState.Held),
            ErpOutcome.Absent => AfterAbsence(claim, answer),
            ErpOutcome.Accepted => Stay(claim, answer, SpacingAt(claim.Age)),
            ErpOutcome.Throttled or ErpOutcome.Unauthorized => Stay(claim, answer, TimeSpan.Zero),
            _ => Stay(claim, answer, options.LookupSpacing),
        };
    }

    /// <summary>The longer a job has been at work, the less often it is asked for: its end is known a tenth of its time late at most, and a job that never ends does not eat the quota.</summary>
    TimeSpan SpacingAt(TimeSpan age) => age / 10 > options.JobSpacing ? age / 10 : options.JobSpacing;

    /// <summary>After a call that was to bring a draft into the ledger: a look-up follows where it was done.</summary>
    public Settlement AfterFinish(ClaimedDocument claim, ErpDocument document, ErpAnswer answer) => answer.Outcome switch
    {
        ErpOutcome.Created or ErpOutcome.Found or ErpOutcome.Duplicate => new(claim.DocumentKey, answer, DocumentState.Created) { KeepsClaim = true },
        ErpOutcome.Validation or ErpOutcome.Different => new(claim.DocumentKey, answer, DocumentState.Refused),
        ErpOutcome.PeriodClosed => AfterClosedPeriod(claim, document, answer),
        ErpOutcome.Throttled or ErpOutcome.Unauthorized => Stay(claim, answer, TimeSpan.Zero),
        _ => Stay(claim, answer, options.LookupSpacing),
    };

    Settlement AfterAbsence(ClaimedDocument claim, ErpAnswer answer)
    {
        var absences = claim.Absences + 1;
        // The read-back at once says nothing when it finds nothing: what was just made may not be found for as long as an outcome takes to settle.
        var atOnce = claim.State == DocumentState.Created ? 1 : 0;
        if (absences < options.AbsenceLookups + atOnce) return Stay(claim, answer, absences <= atOnce ? options.SettleDelay : options.LookupSpacing) with { Absences = absences };
        // The ERP once said that it made the record: that it cannot be found is for a person to see, not for another posting. An id alone is not that word: a draft
        // whose outcome was unknown has one too, and is gone.
        if (claim.State == DocumentState.Created)
        {
            var missing = answer with { ErpId = claim.ErpId, Code = "CREATED_BUT_MISSING", Detail = $"the ERP reported record {claim.ErpId ?? "(unnamed)"} and does not find it by its key" };
            return new(claim.DocumentKey, missing, DocumentState.Refused);
        }
        return new(claim.DocumentKey, answer, DocumentState.Planned) { Delay = pauses.AfterFailure(claim.Attempts) };
    }

    Settlement AfterComparison(ClaimedDocument claim, ErpAnswer answer) => answer.Outcome switch
    {
        ErpOutcome.Found or ErpOutcome.Different => new(claim.DocumentKey, answer, DocumentState.Compared),
        ErpOutcome.Unposted => new(claim.DocumentKey, answer with { Outcome = ErpOutcome.Different, Code = "UNPOSTED" }, DocumentState.Compared),
        ErpOutcome.Absent when claim.Absences + 1 >= options.AbsenceLookups => new(claim.DocumentKey, answer with { Code = "NOT_IN_COMPARED_ERP" }, DocumentState.Compared),
        ErpOutcome.Absent => Stay(claim, answer, options.LookupSpacing) with { Absences = claim.Absences + 1 },
        ErpOutcome.Throttled or ErpOutcome.Unauthorized => Stay(claim, answer, TimeSpan.Zero),
        _ => Stay(claim, answer, options.LookupSpacing),
    };

    Settlement AfterClosedPeriod(ClaimedDocument claim, ErpDocument document, ErpAnswer answer)
    {
        if (options.ClosedPeriod == ClosedPeriodPolicy.Refuse) return new(claim.DocumentKey, answer, DocumentState.Refused);
        var original = ErpDocument.Read(claim.Content).DocumentDate;
        var next = FirstOfMonth(document.DocumentDate).AddMonths(1);
        // What the ERP said that it made is posted anew by itself only where the ERP said too that the draft is deleted.
        var certain = claim.State == DocumentState.Planned || answer.DraftDeleted;
        var moves = options.ClosedPeriod == ClosedPeriodPolicy.Move && (certain || IsOfItsJob(claim));
        if (!moves || next > FirstOfMonth(original).AddMonths(MaxMoves)) return new(claim.DocumentKey, answer, DocumentState.Held);
        // The service period stays as it is; only the date of the posting moves.
        var moved = new Settlement(claim.DocumentKey, answer, DocumentState.Planned) { Uncounted = true, PostingDate = next };
        return certain ? moved : SentAgain(claim, answer, moved);
    }

    static bool IsOfItsJob(ClaimedDocument claim) => claim is { State: DocumentState.Accepted or DocumentState.Unknown, Job: not null };

    /// <summary>What a job refused is sent again once it has been looked for in vain as often as what is unknown: reports of jobs can be misread, and be early.</summary>
    Settlement SentAgain(ClaimedDocument claim, ErpAnswer answer, Settlement again) =>
        claim.Absences + 1 < options.AbsenceLookups ? Stay(claim, answer, options.LookupSpacing) with { Absences = claim.Absences + 1 } : again;

    static DateOnly FirstOfMonth(DateOnly date) => new(date.Year, date.Month, 1);

    static Settlement Stay(ClaimedDocument claim, ErpAnswer answer, TimeSpan delay) => new(claim.DocumentKey, answer, claim.State) { Absences = claim.Absences, Delay = delay };
}
