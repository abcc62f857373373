using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Streams.ErpSink.Dynamics;

/// <summary>One operation of a change set. <paramref name="Url"/> lies below the service's address.</summary>
sealed record BatchOperation(string Method, string Url, JsonObject? Body);

/// <summary>One operation's answer.</summary>
/// <param name="ContentId">The operation's number, when the answer names it.</param>
sealed record BatchPart(int? ContentId, int Status, string? RetryAfter, string Body);

/// <summary>
/// OData's $batch as multipart/mixed: each change set is one transaction. Operations are numbered through the whole batch, and the answers are told
/// apart by these numbers: their order is not relied on.
/// </summary>
static class MultipartBatch
{
    /// <param name="name">Unique; becomes part of the boundaries.</param>
    public static ByteArrayContent Write(IReadOnlyList<IReadOnlyList<BatchOperation>> changeSets, string name, Uri address)
    {
        var text = new StringBuilder();
        var id = 0;
        for (var set = 0; set < changeSets.Count; set++)
        {
            text.Append($"--batch_{name}\r\nContent-Type: multipart/mixed; boundary=changeset_{name}_{set + 1}\r\n\r\n");
            foreach (var operation in changeSets[set])
            {
                text.Append($"--changeset_{name}_{set + 1}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {++id}\r\n\r\n")
                    .Append($"{operation.Method} {new Uri(address, operation.Url).AbsoluteUri} HTTP/1.1\r\nOData-Version: 4.0\r\nPrefer: return=representation\r\n");
                if (operation.Body is { } body) text.Append("Content-Type: application/json;type=entry\r\n\r\n").Append(body.ToJsonString()).Append("\r\n");
                else text.Append("\r\n");
            }
            text.Append($"--changeset_{name}_{set + 1}--\r\n");
        }
        text.Append($"--batch_{name}--\r\n");
        return new ByteArrayContent(Encoding.UTF8.GetBytes(text.ToString()))
        {
            Headers = { ContentType = MediaTypeHeaderValue.Parse($"multipart/mixed; boundary=batch_{name}") },
        };
    }

    /// <summary>The answers to each change set of the given sizes; none where they are missing, cut off, or cannot be told to belong to it.</summary>
    public static IReadOnlyList<IReadOnlyList<BatchPart>> Read(string body, IReadOnlyList<int> sizes)
    {
        var groups = Parts(body).Select(Group).ToList();
        var named = groups.Select(g => SetOf(g, sizes)).ToList();
        // An error without a number stands for its change set only while every other answer is where it was asked.
        var inOrder = groups.Count == sizes.Count && named.Select((set, i) => set is null || set == i).All(ok => ok);
        var answers = new IReadOnlyList<BatchPart>[sizes.Count];
        Array.Fill(answers, []);
        var twice = new HashSet<int>();
        for (var i = 0; i < groups.Count; i++)
        {
            if ((named[i] ?? (inOrder && groups[i].All(p => p.ContentId is null) ? i : null)) is not { } set) continue;
            if (answers[set].Count > 0) twice.Add(set);
            answers[set] = groups[i];
        }
        foreach (var set in twice) answers[set] = [];
        return answers;
    }

    static int? SetOf(IReadOnlyList<BatchPart> group, IReadOnlyList<int> sizes)
    {
        int? found = null;
        foreach (var part in group)
        {
            if (part.ContentId is not { } id) continue;
            var set = 0;
            for (var last = 0; set < sizes.Count; set++)
            {
                last += sizes[set];
                if (id >= 1 && id <= last) break;
            }
            if (set == sizes.Count || (found is { } other && other != set)) return null;
            found = set;
        }
        return found;
    }

    static IReadOnlyList<BatchPart> Group(string part)
    {
        var (headers, content) = Split(part);
        if (headers.GetValueOrDefault("content-type", "").StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            return [.. Parts(content).Select(Single).OfType<BatchPart>()];
        return Single(part) is { } single ? [single] : [];
    }

    static BatchPart? Single(string part)
    {
        var (outer, message) = Split(part);
        var end = message.IndexOf('\n');
        var status = (end < 0 ? message : message[..end]).Trim().Split(' ');
        if (status.Length < 2 || !status[0].StartsWith("HTTP/", StringComparison.Ordinal) || !int.TryParse(status[1], out var code)) return null;
        var (inner, body) = Split(end < 0 ? "" : message[(end + 1)..]);
        var id = outer.GetValueOrDefault("content-id") ?? inner.GetValueOrDefault("content-id");
        return new BatchPart(int.TryParse(id, out var number) ? number : null, code, inner.GetValueOrDefault("retry-after"), body.Trim());
    }

    /// <summary>What stands between boundaries; a part without a boundary behind it was cut off and is left out.</summary>
    static IEnumerable<string> Parts(string text)
    {
        var lines = text.Split('\n');
        var boundary = lines.Select(l => l.TrimEnd('\r')).FirstOrDefault(l => l.Length > 0);
        if (boundary is null || !boundary.StartsWith("--", StringComparison.Ordinal)) yield break;
        List<string>? part = null;
        foreach (var line in lines)
        {
            var bare = line.TrimEnd('\r', ' ');
            if (bare == boundary || bare == boundary + "--")
            {
                if (part is not null) yield return string.Join('\n', part);
                if (bare != boundary) yield break;
                part = [];
            }
            else
            {
                part?.Add(line);
            }
        }
    }

    static (Dictionary<string, string> Headers, string Content) Split(string text)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var at = 0;
        while (at < text.Length)
        {
            var end = text.IndexOf('\n', at);
            var line = (end < 0 ? text[at..] : text[at..end]).Trim();
            at = end < 0 ? text.Length : end + 1;
            if (line.Length == 0) break;
            var colon = line.IndexOf(':');
            if (colon > 0) headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }
        return (headers, text[at..]);
    }
}
