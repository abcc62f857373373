using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>
/// Asynchronous requests: up to 100 records of one type in a job, one task for each record, made in no promised order, with a result each. Jobs and their
/// idempotency keys are in the journal, so that a restart goes on with them.
/// </summary>
sealed class NetSuiteJobs(NetSuiteSimulator erp, NetSuiteSetup account)
{
    public const int Largest = 100;
    public const string Path = "/services/rest/async/v1/job";

    sealed class Job(string id, string type, string method, string items)
    {
        public readonly string Id = id, Type = type, Method = method, Items = items;
        public IReadOnlyList<TaskResult>? Results;
        public bool Silent;
    }

    sealed record TaskResult(int Status, string? Location, string? Body);

    readonly Dictionary<string, Job> _jobs = [];
    readonly Dictionary<string, string> _byIdempotencyKey = [];

    /// <summary>From the journal.</summary>
    public void Restore(SimulatedRecord note)
    {
        if (note.Type != "job") return;
        if (!_jobs.TryGetValue(note.Id, out var job))
        {
            _jobs[note.Id] = job = new Job(note.Id, note.Fields["recordType"], note.Fields["method"], note.Fields["items"]);
            if (note.Key is not null) _byIdempotencyKey[note.Key] = note.Id;
        }
        if (note.Field("results") is { } results) job.Results = JsonSerializer.Deserialize<List<TaskResult>>(results);
    }

    /// <summary>Goes on with what a stop interrupted.</summary>
    public void Resume()
    {
        foreach (var job in _jobs.Values.Where(j => j.Results is null)) Schedule(job, null);
    }

    public Answer Submit(string type, string method, JsonElement body, string? idempotencyKey, FaultHit? hit)
    {
        if (idempotencyKey is not null && _byIdempotencyKey.TryGetValue(idempotencyKey, out var known))
            return NetSuiteWords.Of(400, "IDEMPOTENCY_ERROR", "A request with the same idempotency key was already submitted.", title: "Conflict").With("Location", $"{Path}/{known}");
        var items = body.Items("items").ToList();
        if (items.Count is 0 or > Largest) return NetSuiteWords.Of(400, "INVALID_CONTENT", $"A batch holds 1 to {Largest} records, not {items.Count}.");
        var job = new Job((_jobs.Count + 1).ToString(CultureInfo.InvariantCulture), type, method, body.GetProperty("items").GetRawText()) { Silent = hit?.Kind is SimulatorFault.PendingForever or SimulatorFault.CommitThenPendingForever };
        _jobs[job.Id] = job;
        if (idempotencyKey is not null) _byIdempotencyKey[idempotencyKey] = job.Id;
        if (account.JobTime > TimeSpan.Zero || hit?.Kind == SimulatorFault.PendingForever) Note(job, idempotencyKey);
        if (hit?.Kind != SimulatorFault.PendingForever) Schedule(job, hit, idempotencyKey);
        return new Answer(202).With("Preference-Applied", "respond-async").With("Location", $"{Path}/{job.Id}");
    }

    /// <param name="rest">What follows the jobs' path.</param>
    public Answer Show(string rest)
    {
        var parts = rest.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0 || !_jobs.TryGetValue(parts[0], out var job)) return erp.Say(Trouble.NotFound);
        var done = job.Results is not null && !job.Silent;
        if (parts.Length == 1) return Answer.Of(200, State(job, done, $"{Path}/{job.Id}"), NetSuiteWords.Singular);
        if (parts[1] != "task") return erp.Say(Trouble.NotFound);
        var count = job.Results?.Count ?? JsonDocument.Parse(job.Items).RootElement.GetArrayLength();
        if (parts.Length == 2) return Tasks(job, count);
        if (!int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var place) || place < 1 || place > count) return erp.Say(Trouble.NotFound);
        if (parts.Length == 3) return Answer.Of(200, TaskState(job, place, done), NetSuiteWords.Singular);
        if (!done || parts[3] != "result") return erp.Say(Trouble.NotFound);
        var result = job.Results![place - 1];
        var answer = result.Body is null ? new Answer(result.Status) : Answer.Of(result.Status, result.Body, "application/vnd.oracle.resource+json; type=error");
        return answer.With("Location", result.Location);
    }

    void Schedule(Job job, FaultHit? hit, string? idempotencyKey = null)
    {
        if (account.JobTime <= TimeSpan.Zero) Run(job, hit, idempotencyKey);
        else erp.Later(account.JobTime, () => erp.AloneAsync(() => Run(job, hit, idempotencyKey)));
    }

    bool Run(Job job, FaultHit? hit, string? idempotencyKey)
    {
        using var items = JsonDocument.Parse(job.Items);
        var bodies = items.RootElement.EnumerateArray().ToList();
        var results = new TaskResult[bodies.Count];
        var order = Enumerable.Range(0, bodies.Count);
        foreach (var place in hit?.Kind == SimulatorFault.BatchShuffled ? order.Reverse() : order) results[place] = Of(erp.Make(job.Type, job.Method, bodies[place]));
        job.Results = results;
        Note(job, idempotencyKey);
        return true;
    }

    void Note(Job job, string? idempotencyKey)
    {
        var fields = new Dictionary<string, string> { ["recordType"] = job.Type, ["method"] = job.Method, ["items"] = job.Results is null ? job.Items : "[]" };
        if (job.Results is not null) fields["results"] = JsonSerializer.Serialize(job.Results);
        erp.Journal.Append(new SimulatedRecord { Event = RecordEvent.Note, Id = job.Id, Type = "job", Key = idempotencyKey, Fields = fields });
    }

    static TaskResult Of(Answer answer) => new(answer.Status, answer.Header("Location"), answer.Body.IsEmpty ? null : answer.Text);

    static JsonObject State(Job job, bool done, string self)
    {
        var state = NetSuiteWords.Link(self);
        state["completed"] = done;
        state["id"] = job.Id;
        state["progress"] = done ? "succeeded" : job.Silent ? "processing" : "pending";
        state["task"] = NetSuiteWords.Link($"{Path}/{job.Id}/task");
        return state;
    }

    static Answer Tasks(Job job, int count)
    {
        var list = NetSuiteWords.Link($"{Path}/{job.Id}/task");
        var items = new JsonArray();
        for (var place = 1; place <= count; place++) items.Add(NetSuiteWords.Link($"{Path}/{job.Id}/task/{place.ToString(CultureInfo.InvariantCulture)}"));
        list["count"] = count;
        list["hasMore"] = false;
        list["items"] = items;
        list["offset"] = 0;
        list["totalResults"] = count;
        return Answer.Of(200, list, NetSuiteWords.Collection);
    }

    static JsonObject TaskState(Job job, int place, bool done)
    {
        var id = place.ToString(CultureInfo.InvariantCulture);
        var state = NetSuiteWords.Link($"{Path}/{job.Id}/task/{id}");
        state["links"]!.AsArray().Insert(0, new JsonObject { ["rel"] = "related", ["href"] = $"{Path}/{job.Id}/task/{id}/result" });
        state["completed"] = done;
        state["id"] = id;
        state["progress"] = !done ? "pending" : job.Results![place - 1].Status < 300 ? "succeeded" : "failed";
        return state;
    }
}
