using System.Globalization;
using Naf.Sim.Mujoco;

namespace Naf.Sim.Rendering;

/// <summary>
/// What of MuJoCo's visual structs has to be known and differs between releases, measured on the loaded library with a model of telling numbers:
/// two sites, whose colours are looked for in the scene, and an odd frame size, which is looked for in the model.
/// </summary>
/// <param name="GeomSize">Bytes from one mjvGeom of a scene to the next.</param>
/// <param name="FrameAt">Offset of vis.global.offwidth in mjModel; offheight follows it.</param>
internal sealed unsafe record VisualLayout(int GeomSize, int FrameAt)
{
    private const int FrameWidth = 1237, FrameHeight = 459, ModelHead = 4096;
    private static readonly float[] First = [0.125f, 0.25f, 0.375f, 1], Second = [0.625f, 0.75f, 0.875f, 1];

    /// <summary>Measures.</summary>
    /// <exception cref="RenderingException">What is looked for is not there.</exception>
    public static VisualLayout Measure(VisualFunctions functions)
    {
        using MujocoModel model = MujocoModel.LoadXml(string.Create(CultureInfo.InvariantCulture, $"""
            <mujoco>
              <visual><global offwidth="{FrameWidth}" offheight="{FrameHeight}"/></visual>
              <worldbody>
                <site rgba="{string.Join(' ', First)}"/>
                <site rgba="{string.Join(' ', Second)}"/>
              </worldbody>
            </mujoco>
            """));
        using var data = new MujocoData(model);
        data.Positions();
        using var scene = new VisualScene(functions, model, capacity: 16);
        scene.Update(data, camera: -1);
        var geoms = new ReadOnlySpan<byte>((void*)scene.Geoms, scene.Count == 2 ? 2048 : 0);
        int first = Find(geoms, First), second = Find(geoms, Second);
        int frame = FindFrame(model.Native);
        return first >= 0 && second > first && frame >= 0 ? new VisualLayout(second - first, frame)
            : throw new RenderingException($"pictures can't be drawn with MuJoCo {model.Library.Version}: its scene is not laid out as in "
                + "the releases from 2.2.2 to 3.12.0; use one of these");
    }

    private static int Find(ReadOnlySpan<byte> memory, ReadOnlySpan<float> colour) =>
        memory.IndexOf(System.Runtime.InteropServices.MemoryMarshal.AsBytes(colour));

    private static int FindFrame(nint model)
    {
        for (int at = 0; at < ModelHead; at += sizeof(int))
            if (ProbedMemory.TryRead(model + at, out (int Width, int Height) pair) && pair == (FrameWidth, FrameHeight)) return at;
        return -1;
    }
}
