
namespace Naf.Sim.Rendering;

/// <summary>A picture of 8 bits a channel.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Rgb">[Height, Width, 3], the top row first.</param>
public sealed record PixelImage(int Width, int Height, byte[] Rgb)
{
    /// <summary>Red, green and blue of a pixel.</summary>
    /// <param name="x">Column, from the left.</param>
    /// <param name="y">Row, from the top.</param>
    public (byte Red, byte Green, byte Blue) this[int x, int y]
    {
        get
        {
            int at = 3 * (y * Width + x);
            return (Rgb[at], Rgb[at + 1], Rgb[at + 2]);
        }
    }
}
