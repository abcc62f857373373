using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Streams.Simulators;

/// <summary>Multipart $batch: change sets are atomic, one answer stands for one that failed; the outer status is 200 whatever is inside.</summary>
sealed class FinanceBatch(FinanceSimulator erp, FinanceSetup account)
{
    sealed record Part(string? ContentId, Call Call);

    sealed record Set(IReadOnlyList<Part> Parts, bool IsChangeSet);

    public Operation Read(Call call)
    {
        var sets = Sets(call);
        var count = sets.Sum(s => s.Parts.Count);
        if (count > account.BatchLimit) throw new RefusedException(FinanceWords.Error(400, "", $"The batch holds {count} operations; {account.BatchLimit} are allowed."));
        var keys = sets.SelectMany(s => s.Parts).Select(p => FinanceSimulator.KeyOf(p.Call)).OfType<string>().Distinct().ToList();
        return new Operation(sets.Any(s => s.IsChangeSet), "$batch", keys, hit => Run(sets, hit));
    }

    Answer Run(List<Set> sets, FaultHit? hit)
    {
        var text = new StringBuilder();
        var boundary = $"batchresponse_{erp.Work.Created:D12}";
        var answers = sets.Select((set, i) => Show(set, i, Run(set))).ToList();
        if (hit?.Kind == SimulatorFault.BatchShuffled) answers.Reverse();
        foreach (var answer in answers) text.Append($"--{boundary}\r\n").Append(answer);
        text.Append($"--{boundary}--\r\n");
        return Answer.Of(200, text.ToString(), $"multipart/mixed; boundary={boundary}");
    }

    List<Answer> Run(Set set)
    {
        if (!set.IsChangeSet) return [.. set.Parts.Select(p => erp.Inner(p.Call))];
        erp.Work.Begin();
        var answers = new List<Answer>();
        foreach (var part in set.Parts)
        {
            answers.Add(erp.Inner(part.Call));
            if (answers[^1].Status < 400) continue;
            erp.Work.Rollback();
            return [answers[^1]];
        }
        erp.Work.Commit();
        return answers;
    }

    static string Show(Set set, int place, List<Answer> answers)
    {
        if (!set.IsChangeSet || answers[0].Status >= 400) return string.Concat(answers.Select(a => Show(set.Parts[0].ContentId, a)));
        var boundary = $"changesetresponse_{place + 1}";
        var text = new StringBuilder($"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n");
        for (var i = 0; i < answers.Count; i++) text.Append($"--{boundary}\r\n").Append(Show(set.Parts[i].ContentId, answers[i]));
        return text.Append($"--{boundary}--\r\n").ToString();
    }

    static string Show(string? contentId, Answer answer)
    {
        var text = new StringBuilder("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
        if (contentId is not null) text.Append($"Content-ID: {contentId}\r\n");
        text.Append($"\r\nHTTP/1.1 {answer.Status} {ReasonPhrases.GetReasonPhrase(answer.Status)}\r\n");
        if (answer.ContentType is not null) text.Append($"Content-Type: {answer.ContentType}; charset=utf-8\r\n");
        foreach (var (name, value) in answer.Headers) text.Append($"{name}: {value}\r\n");
        return text.Append("OData-Version: 4.0\r\n\r\n").Append(answer.Text).Append("\r\n").ToString();
    }

    static List<Set> Sets(Call call)
    {
        var sets = new List<Set>();
        foreach (var part in Parts(call.Text, Boundary(call.Header("Content-Type") ?? "")))
        {
            var (headers, content) = Split(part);
            var type = headers["Content-Type"].ToString();
            if (type.StartsWith("multipart/mixed", StringComparison.OrdinalIgnoreCase)) sets.Add(new Set([.. Parts(content, Boundary(type)).Select(p => Request(p, call.Headers))], IsChangeSet: true));
            else sets.Add(new Set([Request(part, call.Headers)], IsChangeSet: false));
        }
        return sets;
    }

    static Part Request(string part, IHeaderDictionary outer)
    {
        var (partHeaders, http) = Split(part);
        var lineEnd = http.IndexOf('\n', StringComparison.Ordinal);
        var words = (lineEnd < 0 ? http : http[..lineEnd]).Trim().Split(' ');
        if (words.Length < 2) throw new FormatException("$batch: a part has no request line");
        var (headers, body) = Split(lineEnd < 0 ? "" : http[(lineEnd + 1)..]);
        headers["Authorization"] = outer["Authorization"];
        var url = Uri.TryCreate(words[1], UriKind.Absolute, out var absolute) && absolute.Scheme.StartsWith("http", StringComparison.Ordinal) ? absolute.PathAndQuery : words[1].StartsWith('/') ? words[1] : words[1].StartsWith("data/", StringComparison.Ordinal) ? $"/{words[1]}" : $"/data/{words[1]}";
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var call = new Call(words[0], Uri.UnescapeDataString(question < 0 ? url : url[..question]), question < 0 ? "" : url[question..], headers, Encoding.UTF8.GetBytes(body.Trim()));
        return new Part(partHeaders["Content-ID"] is { Count: > 0 } id ? id.ToString() : headers["Content-ID"] is { Count: > 0 } inner ? inner.ToString() : null, call);
    }

    static string Boundary(string contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 } boundary ? boundary.ToString() : throw new FormatException("$batch: Content-Type has no boundary");

    static IEnumerable<string> Parts(string text, string boundary)
    {
        var pieces = text.Split($"--{boundary}");
        for (var i = 1; i < pieces.Length && !pieces[i].StartsWith("--", StringComparison.Ordinal); i++) yield return pieces[i].TrimStart('\r', '\n');
    }

    /// <summary>Headers, and what stands behind the empty line.</summary>
    static (HeaderDictionary Headers, string Content) Split(string text)
    {
        var headers = new HeaderDictionary();
        var place = 0;
        while (place < text.Length)
        {
            var end = text.IndexOf('\n', place);
            var line = (end < 0 ? text[place..] : text[place..end]).TrimEnd('\r');
            place = end < 0 ? text.Length : end + 1;
            if (line.Length == 0) break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0) headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }
        return (headers, text[place..]);
    }
}
