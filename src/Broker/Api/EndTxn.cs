using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>EndTxn 0–4. Answered when the decision and all markers are on disk.</summary>
internal static class EndTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.EndTxn, 0, 4, 3, Handle);

    private static async Task Handle(Request request)
    {
        var error = await End(request);
        request.Response.WriteInt32(0);
        request.Response.WriteError(error);
        request.Response.WriteTags();
    }

    private static Task<ErrorCode> End(Request request)
    {
        var reader = request.Read();
        return request.Node.Transactions.EndAsync(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16(), reader.ReadBool(), request.Connection);
    }
}
