using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DeleteGroups 0–2; a group with members is refused.</summary>
internal static class DeleteGroups
{
    public static readonly ApiDefinition Definition = new(ApiKey.DeleteGroups, 0, 2, 2, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        response.WriteInt32(0);
        var count = reader.ReadArrayLength();
        response.WriteArrayLength(count);
        for (; count > 0; count--)
        {
            var id = reader.ReadString();
            response.WriteString(id);
            response.WriteError(request.Node.Groups.Delete(id));
            response.WriteTags();
        }
        response.WriteTags();
        return request.Node.Journal.FlushAsync();
    }
}
